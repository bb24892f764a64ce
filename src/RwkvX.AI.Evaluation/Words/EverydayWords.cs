namespace RwkvX.AI.Evaluation.Words;

/// <summary>The words of <see cref="Remark"/> beside those of <see cref="Vocabulary"/>.</summary>
internal static class EverydayWords
{
    /// <summary>Verbs of a person and a thing, by their bases.</summary>
    public static readonly Dictionary<string, Verb> Forms = Vocabulary.Split(
        "admire borrow clean collect examine measure move notice paint pack repair remove return check order open watch wash want visit use turn cover close "
        + "deliver replace receive prepare praise describe photograph polish inspect rescue destroy damage store load design test label climb follow count copy discover recognise rent improve recommend "
        + "buy/bought/bought sell/sold/sold build/built/built bring/brought/brought find/found/found lose/lost/lost send/sent/sent take/took/taken steal/stole/stolen break/broke/broken draw/drew/drawn "
        + "hide/hid/hidden keep/kept/kept see/saw/seen drive/drove/driven leave/left/left win/won/won choose/chose/chosen forget/forgot/forgotten throw/threw/thrown catch/caught/caught make/made/made hold/held/held "
        + "carry try study bury drop wrap get/got/got feed/fed/fed give/gave/given").Select(verb => Verb.Parse(verb.Replace('/', ' '))).ToDictionary(verb => verb.Base);

    public static readonly string[] Verbs = [.. Forms.Keys];

    public static readonly string[] Plurals = Vocabulary.Split(
        "chairs tables lamps windows boxes bottles stamps coins tickets letters boats books apples horses sheep trees bricks keys candles plates cups pens maps flags shirts shoes bicycles beds doors "
        + "glasses baskets barrels ropes nails tools seeds stones shells photographs paintings postcards buttons rings blankets cushions tents lanterns buckets spoons knives eggs loaves potatoes pears "
        + "guests visitors students soldiers tourists workers islands bridges towers mills wells carts wagons engines clocks violins drums hats coats gloves umbrellas jars vases mirrors");

    public static readonly string[] Places = Vocabulary.Split(
        "library kitchen garage cellar attic garden hall office gym harbour museum station market bakery school church hospital theatre cinema pharmacy hotel restaurant cafe stadium park pool laboratory "
        + "workshop warehouse gallery canteen archive courtyard basement shed barn lobby bank post-office airport nursery chapel aquarium zoo playground greenhouse balcony terrace corridor");

    public static readonly string[] Offices = Vocabulary.Split(
        "mayor treasurer chairman secretary president director manager captain principal minister governor ambassador auditor coach spokesman curator caretaker editor inspector dean");

    public static readonly string[] Kin = Vocabulary.Split(
        "sister brother mother father aunt uncle cousin son daughter grandmother grandfather wife husband friend colleague neighbour teacher flatmate landlord nephew niece partner girlfriend boyfriend "
        + "godmother stepfather twin roommate doctor trainer classmate assistant");

    public static readonly string[] SeveralKin = Vocabulary.Split("sisters brothers cousins sons daughters aunts uncles friends neighbours flatmates nieces nephews colleagues children dogs cats rabbits horses hens");

    public static readonly string[] Languages = Vocabulary.Split("English French German Spanish Italian Polish Dutch Danish Swedish Finnish Greek Turkish Arabic Hindi Japanese Korean Chinese Russian Czech Portuguese Hungarian Welsh Irish Persian");

    public static readonly string[] Instruments = Vocabulary.Split("piano violin guitar flute drums trumpet cello harp organ clarinet saxophone accordion banjo oboe trombone viola bassoon lute");

    public static readonly string[] Subjects = Vocabulary.Split("biology chemistry physics history geography mathematics music art law medicine philosophy economics literature astronomy architecture engineering drawing chess swimming cooking");

    public static readonly string[] Favourites = Vocabulary.Split("film book song band writer painter city game team drink restaurant season flower dish singer poem play cheese tea dance");

    public static readonly string[] Hobbies = Vocabulary.Split(
        "swimming climbing sailing fishing dancing painting reading hiking cycling cooking singing skating rowing knitting gardening running skiing surfing drawing baking camping riding diving boxing writing "
        + "bowling fencing juggling weaving jogging wrestling kayaking shopping");

    public static readonly string[] Days = Vocabulary.Split("Monday Tuesday Wednesday Thursday Friday Saturday Sunday");

    public static readonly string[] Ordinals = Vocabulary.Split("first second third fourth fifth sixth seventh ninth tenth top ground");
}
