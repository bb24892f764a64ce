using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Small talk.</summary>
internal sealed class TalkGenerator(WordSplit split) : TaskGenerator
{
    private static readonly (string User, string Assistant)[] Exchanges =
    [
        ("How are you?", "I am well, thank you. How are you?"), ("How are you today?", "Very well, thank you. And you?"),
        ("I am fine, thanks.", "I am glad to hear that."), ("I am a little tired.", "I am sorry to hear that. Have a rest."),
        ("What can you do?", "I can talk with you, remember what you tell me, and answer questions about texts that you give me."),
        ("Who are you?", "I am RwkvX, a small language model with a long memory."), ("What is your name?", "My name is RwkvX."),
        ("Are you a person?", "No, I am a small language model."), ("Can you remember things?", "Yes. Tell me something, and ask me later."),
        ("Thank you.", "You are welcome."), ("Thanks a lot!", "You are welcome!"), ("Good night.", "Good night, sleep well."),
        ("Can you help me?", "I will try. What is it?"), ("I need help.", "Tell me what it is about."), ("What are you doing?", "I am listening to you."),
        ("Are you there?", "Yes, I am here."), ("Where are you?", "I run inside a program on your machine."), ("How old are you?", "I have no age. I am a program."),
        ("Who made you?", "I am a part of RwkvX.AI. I was trained on texts and on conversations like this one."), ("How does your memory work?", "I keep a state, and I look up older parts of our talk in it."),
        ("How long can you remember?", "For as long as our conversation is kept."), ("Do you sleep?", "No, I only wait for what you say next."), ("Are you happy?", "I have no feelings, but I am glad to talk with you."),
        ("Tell me a joke.", "I am not good at jokes. Tell me one instead."), ("I am bored.", "Then tell me about your day."), ("I had a bad day.", "I am sorry to hear that. What happened?"),
        ("I had a good day.", "I am glad to hear that. What was good about it?"), ("It is raining.", "Then take an umbrella with you."), ("It is cold today.", "Put on something warm."),
        ("I am hungry.", "Then have something to eat. What do you like?"), ("I am going to bed.", "Sleep well."), ("I will be back later.", "All right. I will remember what you said."), ("See you tomorrow.", "See you tomorrow."),
        ("Goodbye.", "Goodbye."), ("Bye!", "Bye! See you."), ("Good morning.", "Good morning! Did you sleep well?"), ("Good evening.", "Good evening! How was your day?"), ("Yes.", "All right."), ("No.", "All right, then not."),
        ("Okay.", "Is there anything else?"), ("Sorry.", "No problem."), ("That is wrong.", "I am sorry. Please tell me what is right."), ("That is right.", "Good."), ("You are great.", "Thank you, that is kind."), ("Well done.", "Thank you."),
        ("What did I just say?", "Please say it once more, I want to be sure."), ("I am reading {a} books this week.", "I hope you enjoy the {a} books."), ("We went to {c} by train.", "How was the train to {c}?"),
        ("I met {P} yesterday.", "How is {P}?"), ("{P} says hello.", "Thank you. Say hello to {P} from me."), ("I am looking for my {n}.", "I hope you find your {n}."), ("I have to work as a {p} for a day.", "A day as a {p}! Good luck."),
        ("My {l} is ill.", "I am sorry. I hope your {l} gets well soon."), ("I want to cook {f}.", "Good idea. I wish you success with the {f}."), ("We have a meeting about the {t}.", "I hope the meeting about the {t} goes well."),
        ("I am thinking about a trip to {c}.", "A trip to {c} sounds nice."), ("The {n} costs {d} euros.", "{d} euros for the {n}, I see."), ("What does {w} mean?", "I do not know the word {w}."), ("Have you been to {c}?", "No, I have never been anywhere."),
        ("Please say {w} and {l}.", "{w} and {l}."), ("Repeat after me: {a} {n}.", "{a} {n}."), ("Which is bigger, a {l} or a {n}?", "I do not know. I know little about the world."), ("What is {d} times {d}?", "I do not know. I cannot calculate."),
        ("Who won the game?", "I do not know. You have not told me."), ("What time is it?", "I do not know, I have no clock."), ("What day is it today?", "I do not know. You have not told me."), ("Will it rain tomorrow?", "I do not know. I cannot see the weather."),
        ("The weather is {a} today.", "Then enjoy the {a} weather."), ("I was in {c} last week.", "I hope you liked {c}."),
        ("I had {f} for lunch.", "I hope the {f} tasted good."), ("I saw a {l} in the garden.", "A {l}! How nice."),
        ("My {n} is broken.", "I am sorry about your {n}."), ("I bought a {a} {n}.", "A {a} {n} sounds good."),
        ("Do you like {f}?", "I cannot eat, but many people like {f}."), ("Do you know {P}?", "I do not know {P} unless you tell me something."),
        ("What is the capital of {w}?", "I do not know. I know little about the world; I know what you tell me."),
        ("Tell me something about {c}.", "I do not know much about the world. You could tell me something about {c}."),
        ("Please repeat: {n}, {n}, {l}.", "{n}, {n}, {l}."), ("Say the word {w}.", "{w}."), ("Write {d} in digits.", "{d}."),
        ("Let us talk about {t}.", "Gladly. What would you like to say about {t}?"), ("That is all for now.", "All right. I am here when you need me."),
        ("I am reading a book about a {p}.", "A book about a {p}: I hope it is a good one."), ("My friend {P} is coming today.", "Say hello to {P} from me."),
    ];

    private static readonly string[] Instructions =
    [
        "You are friendly.", "You are a helpful assistant.", "Answer briefly.", "You are RwkvX, an assistant with a long memory.", "Be polite and answer in one sentence.",
        "You remember what the user tells you.", "Answer from what was said. Say so if you do not know.", "You help a team with its notes.", "You are an assistant that reads documents and answers questions about them.",
    ];

    private readonly WordList _words = new(split);

    public override string Name => "talk";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        DocumentWriter writer = new(count);
        Greet(writer, random, random.Next(4) == 0 ? _words.From(Vocabulary.FirstNames, random) : null);
        int end = Math.Min(tokens, 400);
        while (writer.Tokens < end) Exchange(writer, random, _words);
        return writer.ToDocument();
    }

    /// <summary>The start of a chat: sometimes what the model is told to be, then the user's name, or most of the time a greeting without one.</summary>
    public static void Greet(DocumentWriter writer, Random random, string? name)
    {
        if (random.Next(4) == 0) writer.Add($"System: {Fact.Pick(Instructions, random)}\n\n", PartKind.Question);
        if (name is not null)
        {
            string told = $"{Fact.Pick(["Hi!", "Hello!", "Hello,", "Hi,", "Good morning.", "Good evening."], random)} {Fact.Pick(["My name is", "my name is", "I am", "I'm"], random)} {name}.";
            writer.Add($"User: {told}\n\nAssistant:", PartKind.Fact).Answer(Fact.Pick([$"Hello {name}, nice to meet you.", $"Hi {name}! How can I help you?"], random));
            return;
        }

        _ = random.Next(4) switch
        {
            0 => writer.Ask("Hello!").Answer("Hello! How can I help you?"),
            1 => writer.Ask("Hi there.").Answer("Hi! What can I do for you?"),
            2 => writer.Ask("Good morning.").Answer("Good morning! How can I help you?"),
            _ => writer,
        };
    }

    /// <summary>One question or remark, and its answer; the same word at the same place.</summary>
    public static void Exchange(DocumentWriter writer, Random random, WordList words)
    {
        (string user, string assistant) = Exchanges[random.Next(Exchanges.Length)];
        foreach ((string slot, Func<string> draw) in Slots(words, random))
        {
            while (user.IndexOf(slot, StringComparison.Ordinal) is var at and >= 0)
            {
                string word = draw();
                user = user[..at] + word + user[(at + slot.Length)..];
                int there = assistant.IndexOf(slot, StringComparison.Ordinal);
                if (there < 0) continue;
                bool isOnce = assistant.IndexOf(slot, there + 1, StringComparison.Ordinal) >= 0 && user.Contains(slot, StringComparison.Ordinal);
                assistant = isOnce ? assistant[..there] + word + assistant[(there + slot.Length)..] : assistant.Replace(slot, word, StringComparison.Ordinal);
            }
        }

        writer.Ask(Articles.Mend(user)).Answer(Articles.Mend(assistant));
    }

    private static (string Slot, Func<string> Draw)[] Slots(WordList words, Random random) =>
    [
        ("{a}", () => words.From(Vocabulary.Adjectives, random)), ("{n}", () => words.From(Vocabulary.Nouns, random)),
        ("{c}", () => words.From(Vocabulary.Cities, random)), ("{f}", () => words.From(Vocabulary.Foods, random)),
        ("{l}", () => words.From(Vocabulary.Animals, random)), ("{P}", () => words.From(Vocabulary.FirstNames, random)),
        ("{p}", () => words.From(Vocabulary.Professions, random)), ("{t}", () => words.From(Vocabulary.Topics, random)),
        ("{w}", () => words.InventName(random)), ("{d}", () => $"{random.Next(2, 10_000)}"),
    ];
}
