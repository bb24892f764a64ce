using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>The operands of the recurrence by one kernel for each direction.</summary>
internal sealed unsafe class KernelWkvOperands : autograd.MultiTensorFunction<KernelWkvOperands>
{
    private const int Sums = 6; // parameters with a gradient, v0 the last

    /// <inheritdoc/>
    public override string Name => nameof(KernelWkvOperands);

    /// <summary>As <see cref="WkvOperandsForm"/>.</summary>
    /// <param name="launcher">Where it runs.</param>
    /// <param name="i">The inputs.</param>
    /// <param name="type">Of the operands but ln w: F32, or that of the inputs.</param>
    public static WkvOperands Forward(IKernelLauncher launcher, WkvInputs i, ScalarType type)
    {
        List<object> vars = [launcher, type, i.R, i.K, i.V, i.LowW, i.LowA, i.W0, i.A0, i.KK, i.KA, i.RK];
        if (i.Residual is { } residual) vars.AddRange([residual.V0, residual.LowV, residual.First]);
        List<Tensor> o = apply([.. vars]);
        return new WkvOperands(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]);
    }

    /// <inheritdoc/>
    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        (var launcher, var type) = ((IKernelLauncher)vars[0], (ScalarType)vars[1]);
        Tensor[] inputs = [.. vars.Skip(2).Select(input => ((Tensor)input).contiguous())];
        Tensor r = inputs[0], v = inputs[2], rk = inputs[9];
        (long B, long T, long C, long H, bool first) = (r.shape[0], r.shape[1], r.shape[2], rk.shape[0], inputs.Length == 10);
        Tensor Empty(ScalarType of, long last) => empty([B, T, H, last], dtype: of, device: r.device);
        bool sameR = r.dtype == type, sameV = sameR && first; // the products themselves are the operands
        Tensor outR = sameR ? r.detach().view(B, T, H, C / H) : Empty(type, C / H);
        Tensor outV = sameV ? v.detach().view(B, T, H, C / H) : Empty(type, C / H);
        Tensor logW = Empty(ScalarType.Float32, C / H), bonus = Empty(ScalarType.Float32, 1);
        Tensor outK = Empty(type, C / H), outA = Empty(type, C / H), outB = Empty(type, C / H);
        launcher.Launch("wkv_operands_forward", Defines(r, type, first), new ForwardArgs
        {
            In = Inputs.Of(inputs),
            R = sameR ? null : TensorPointer.Of(outR),
            LogW = TensorPointer.Of(logW),
            K = TensorPointer.Of(outK),
            V = sameV ? null : TensorPointer.Of(outV),
            A = TensorPointer.Of(outA),
            B = TensorPointer.Of(outB),
            Bonus = TensorPointer.Of(bonus),
            Rows = (int)(B * T),
        }, KernelElementwise.Threads(C), KernelElementwise.Runs(B * T));
        foreach (Tensor input in inputs) input.MoveToOuterDisposeScope();
        ctx.save_for_backward([.. inputs]);
        ctx.save_data("launcher", launcher);
        ctx.save_data("type", type);
        List<Tensor> results = [outR, logW, outK, outV, outA, outB, bonus, outV.detach()];
        foreach (Tensor result in results) result.MoveToOuterDisposeScope();
        return results;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] g = GradientHandover.Take(grad_outputs), inputs = [.. ctx.get_saved_variables()];
        (var launcher, var type) = ((IKernelLauncher)ctx.get_data("launcher"), (ScalarType)ctx.get_data("type"));
        Tensor r = inputs[0];
        (long rows, long C, bool first) = (r.shape[0] * r.shape[1], r.shape[2], inputs.Length == 10);
        Tensor dr = empty_like(r), dk = empty_like(r), dv = empty_like(r), dLowW = empty_like(r), dLowA = empty_like(r);
        Tensor? dLowV = first ? null : empty_like(r), dFirst = first ? null : empty_like(r);
        Tensor partials = empty([KernelElementwise.Runs(rows), Sums, C], dtype: ScalarType.Float32, device: r.device);
        launcher.Launch("wkv_operands_backward", Defines(r, type, first), new BackwardArgs
        {
            In = Inputs.Of(inputs),
            GR = TensorPointer.Of(g[0]),
            GLogW = TensorPointer.Of(g[1]),
            GK = TensorPointer.Of(g[2]),
            GV = TensorPointer.Of(g[3]),
            GA = TensorPointer.Of(g[4]),
            GB = TensorPointer.Of(g[5]),
            GBonus = TensorPointer.Of(g[6]),
            GBonusV = TensorPointer.Of(g[7]),
            DR = TensorPointer.Of(dr),
            DK = TensorPointer.Of(dk),
            DV = TensorPointer.Of(dv),
            DLowW = TensorPointer.Of(dLowW),
            DLowA = TensorPointer.Of(dLowA),
            DLowV = dLowV is null ? null : TensorPointer.Of(dLowV),
            DFirst = dFirst is null ? null : TensorPointer.Of(dFirst),
            Partials = TensorPointer.Of(partials),
            Rows = (int)rows,
        }, KernelElementwise.Threads(C), KernelElementwise.Runs(rows));
        IEnumerable<Tensor> parameters = KernelElementwise.ParameterGradients(partials, first ? inputs[5..10] : inputs[5..11]);
        Tensor?[] own = [null, null, dr, dk, dv, dLowW, dLowA, .. parameters];
        return GradientHandover.Give(first ? own : [.. own, dLowV, dFirst]);
    }

    private static string[] Defines(Tensor r, ScalarType type, bool first) => KernelElementwise.Defines(
        r.shape[2], r.dtype, type == ScalarType.BFloat16 ? "-DNARROW=1" : "-DNARROW=0", first ? "-DFIRST=1" : "-DFIRST=0");

    /// <summary>As in wkv_operands.cuh.</summary>
    private struct Inputs
    {
        public void* R, K, V, LowW, LowA, LowV, VFirst, W0, A0, KK, KA, RK, V0;

        public static Inputs Of(Tensor[] inputs)
        {
            void* At(int i) => i < inputs.Length ? TensorPointer.Of(inputs[i]) : null;
            return new Inputs
            {
                R = At(0),
                K = At(1),
                V = At(2),
                LowW = At(3),
                LowA = At(4),
                W0 = At(5),
                A0 = At(6),
                KK = At(7),
                KA = At(8),
                RK = At(9),
                V0 = At(10),
                LowV = At(11),
                VFirst = At(12),
            };
        }
    }

    /// <summary>As in wkv_operands_forward.cu.</summary>
    private struct ForwardArgs
    {
        public Inputs In;
        public void* R, LogW, K, V, A, B, Bonus;
        public int Rows;
    }

    /// <summary>As in wkv_operands_backward.cu.</summary>
    private struct BackwardArgs
    {
        public Inputs In;
        public void* GR, GLogW, GK, GV, GA, GB, GBonusV, GBonus;
        public void* DR, DK, DV, DLowW, DLowA, DLowV, DFirst;
        public void* Partials;
        public int Rows;
    }
}
