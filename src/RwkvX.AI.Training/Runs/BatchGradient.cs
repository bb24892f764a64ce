using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Losses;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Runs;

/// <summary>Adds the gradient of one batch's loss to the parameters.</summary>
/// <param name="network">The forward pass.</param>
/// <param name="stage">The loss, and whether layers are computed again instead of kept.</param>
/// <param name="device">Where to compute.</param>
internal sealed class BatchGradient(Network network, StagePlan stage, Device device)
{
    private const long HeadTokens = 8192, HeadLogits = 1 << 28; // at most so many at once: 1 GiB of logits, a few times as much with their gradient

    private readonly Network _forgetting = network.Forgetting(stage.ForgetEvery);

    /// <summary>Computes a batch.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="weightSum">Σ of the weights of all batches of the step: the loss is their weighted mean.</param>
    /// <returns>The batch's share of the step's loss, on the device.</returns>
    public Tensor Add(TrainingBatch batch, double weightSum)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor tokens, Tensor targets, Tensor weights) = batch.To(device);
        if (stage.LongCrossEntropy is { } options) weights = weights * LongWeights(options, tokens, targets);
        weights = weights.Times(1 / weightSum);
        Network layers = batch.Forgets ? _forgetting : network;
        if (stage.ChoiceLoss > 0) layers = layers.Choosing(batch.Answers, weights, stage.ChoiceLoss);
        return AddLayers(layers, tokens, targets, weights).MoveToOuterDisposeScope();
    }

    /// <summary>The loss, and its gradient with respect to what enters the head; the head's own gradients are added.</summary>
    public (Tensor Loss, Tensor Gradient) Head(Tensor x, Tensor targets, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        long C = x.shape[^1], count = targets.numel();
        Tensor rows = x.detach().view(-1, C).requires_grad_(true);
        (Tensor flatTargets, Tensor flatWeights) = (targets.view(-1), weights.view(-1));
        Tensor loss = zeros(1, device: device);
        long step = Math.Clamp(HeadLogits / network.VocabSize, 1, HeadTokens);
        for (long from = 0; from < count; from += step)
        {
            using DisposeScope slice = NewDisposeScope();
            long length = Math.Min(step, count - from);
            Tensor logits = network.Head(rows.narrow(0, from, length)), w = flatWeights.narrow(0, from, length);
            Tensor losses = CrossEntropy.PerToken(logits, flatTargets.narrow(0, from, length));
            loss.PlusInPlace((losses.detach() * w).sum());
            if (stage.ZLoss > 0) losses = losses.Plus(logits.logsumexp(-1).square().Times(stage.ZLoss));
            if (stage.L2Wrap > 0) losses = losses.Plus(logits.amax([-1]).square().Times(stage.L2Wrap / 2));
            (losses * w).sum().backward();
        }

        return (loss.MoveToOuterDisposeScope(), rows.grad!.view(x.shape).MoveToOuterDisposeScope());
    }

    /// <summary>Goes back layer by layer, and if all are kept only as far as anything is trained, so that what one keeps is free before the next; of a layer that is computed again only what goes in is kept.</summary>
    private Tensor AddLayers(Network layers, Tensor tokens, Tensor targets, Tensor weights)
    {
        Tensor embedded = layers.Embed(tokens);
        Tensor[] inputs = new Tensor[layers.LayerCount];
        KeptLayer?[] kept = new KeptLayer?[inputs.Length];
        Tensor x = Leaf(embedded, embedded.requires_grad || stage.RecomputeShare > 0); // whether a layer that is computed again trains anything cannot be seen in time
        Tensor? vFirst = null;
        for (int layer = 0; layer < inputs.Length; layer++)
        {
            inputs[layer] = x;
            if (stage.Recomputes(layer))
            {
                using IDisposable noGrad = no_grad();
                (Tensor y, Tensor? values) = layers.Layer(layer, x, vFirst);
                x = Leaf(y, true);
                vFirst ??= Leaf(values!, true);
            }
            else
            {
                KeptLayer now = kept[layer] = Keep(layers, layer, x, vFirst);
                x = Leaf(now.Y, now.Y.requires_grad);
                vFirst ??= Leaf(now.Values!, now.Values!.requires_grad);
            }
        }

        (Tensor loss, Tensor dx) = Head(x, targets, weights);
        Tensor? dFirst = null;
        for (int layer = inputs.Length - 1; layer >= 0; layer--)
        {
            using DisposeScope scope = NewDisposeScope();
            KeptLayer now = kept[layer] ?? Keep(layers, layer, inputs[layer], layer == 0 ? null : vFirst);
            if (layer == 0 && dFirst is not null) autograd.backward([now.Y, now.Values!], [dx, dFirst]);
            else now.Y.backward([dx]);
            if (!now.X.requires_grad) break;
            dx = now.X.grad!.MoveToOuterDisposeScope();
            if (now.First?.grad is { } more) dFirst = (dFirst is null ? more : dFirst.Plus(more)).MoveToOuterDisposeScope();
        }

        if (embedded.requires_grad) embedded.backward([dx]);
        return loss;
    }

    /// <summary>A layer with all that its gradient needs.</summary>
    private static KeptLayer Keep(Network layers, int layer, Tensor x, Tensor? vFirst)
    {
        Tensor input = Leaf(x, x.requires_grad);
        Tensor? first = vFirst is null ? null : Leaf(vFirst, vFirst.requires_grad);
        (Tensor y, Tensor? values) = layers.Layer(layer, input, first);
        return new KeptLayer(input, first, y, values);
    }

    private static Tensor Leaf(Tensor values, bool isTrained) => values.detach().requires_grad_(isTrained);

    private Tensor LongWeights(LongCrossEntropyOptions options, Tensor tokens, Tensor targets)
    {
        using IDisposable noGrad = no_grad();
        Tensor Losses(int start, int end) => CrossEntropy.PerToken(
            network.Logits(tokens.narrow(1, start, end - start)), targets.narrow(1, start, end - start));
        return new LongCrossEntropy(options).Weights(Losses(0, (int)tokens.shape[1]), Losses);
    }

    /// <param name="X">What goes in.</param>
    /// <param name="First">The values of layer 0 as they go in; null for layer 0.</param>
    /// <param name="Y">What comes out.</param>
    /// <param name="Values">The values of layer 0.</param>
    private sealed record KeptLayer(Tensor X, Tensor? First, Tensor Y, Tensor? Values);
}
