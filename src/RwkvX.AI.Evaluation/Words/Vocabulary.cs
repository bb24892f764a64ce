namespace RwkvX.AI.Evaluation.Words;

/// <summary>The words that generators draw from.</summary>
internal static class Vocabulary
{
    public static readonly string[] FirstNames = Split(
        "Ada Alan Alice Amir Ana Anders Anna Arjun Arthur Aya Beatriz Ben Bjorn Boris Bruno Cara Carl Carmen Chen Chloe Clara "
        + "Dana Daniel Daria David Diego Dina Dora Edgar Elena Eli Elsa Emil Emma Enzo Erik Esther Eva Fatima Felix Fiona Flora "
        + "Frank Freya George Gina Grace Greta Hana Hannah Harold Hassan Heidi Helen Henry Hugo Ida Igor Ingrid Irene Iris Isaac "
        + "Ivan Jack Jada James Jana Jasper Jean Joan Johan Jonas Jose Judith Julia Kai Karen Karim Kate Kenji Kira Klaus Lara "
        + "Laura Lena Leo Liam Lina Linus Lucia Luis Lydia Malik Marco Maria Marie Marta Mateo Maya Mei Mila Mina Mona Nadia "
        + "Naomi Nathan Nia Nick Nina Noah Nora Olaf Olga Oliver Omar Oscar Otto Pablo Paula Pedro Peter Petra Priya Quinn Rafael "
        + "Rania Ravi Rita Robert Rosa Ruth Sam Samira Sara Sasha Sean Selma Simon Sofia Stefan Sven Tara Tariq Theo Thomas Tina "
        + "Tobias Uma Ursula Vera Victor Viktor Wanda Walter Willa Xavier Yara Yasmin Yuki Yusuf Zara Zoe ");

    public static readonly string[] Surnames = Split(
        "Abbott Achterberg Adler Almeida Andersson Baker Banerjee Becker Bell Bergman Blake Brandt Burke Carter Castillo "
        + "Chandra Clarke Cole Costa Cruz Dahl Dalton Diaz Dubois Duncan Egan Eriksen Evans Farouk Fischer Flores Fontaine Foster "
        + "Garcia Gibson Greene Gupta Haas Hale Hansen Hayes Hoffman Holt Huang Ibarra Ito Jansen Kaplan Keller Khan Kim Klein "
        + "Kowalski Kumar Lambert Larsen Lind Lopez Maier Marsh Martin Mendes Meyer Moreau Mori Nakamura Nash Newton Novak "
        + "Nygaard Okafor Oliveira Olsen Owens Park Patel Pereira Petrov Quist Ramos Reyes Rossi Rowe Sato Schmidt Serra Shah "
        + "Silva Singh Sorensen Stone Suzuki Tanaka Thorne Torres Turner Varga Vogel Wagner Walsh Weber Wells Winter Wolf Yamada "
        + "Young Zeller Zhang ");

    public static readonly string[] Cities = Split(
        "Accra Aarhus Adelaide Algiers Amsterdam Ankara Antwerp Athens Auckland Austin Baku Bangkok Barcelona Basel Beirut "
        + "Belfast Bergen Berlin Bern Bilbao Bogota Bologna Bordeaux Boston Bremen Brisbane Bristol Brno Brussels Bucharest "
        + "Budapest Cairo Calgary Cardiff Casablanca Chicago Cologne Copenhagen Cork Dakar Dallas Delhi Denver Dresden Dublin "
        + "Durban Edinburgh Essen Florence Fukuoka Gdansk Geneva Genoa Ghent Glasgow Graz Hamburg Hanoi Havana Helsinki Innsbruck "
        + "Istanbul Izmir Jakarta Kampala Kiel Krakow Kyoto Lagos Lahore Leeds Leipzig Lima Lisbon Liverpool Ljubljana London "
        + "Lyon Madrid Malaga Manila Marseille Melbourne Miami Milan Montreal Mumbai Munich Nairobi Nantes Naples Nice Oslo "
        + "Ottawa Oxford Palermo Paris Perth Porto Prague Quito Rabat Reykjavik Riga Rome Rotterdam Salzburg Santiago Seattle "
        + "Seoul Seville Sofia Split Stockholm Sydney Tallinn Tampere Tokyo Toronto Trieste Tunis Turin Utrecht Valencia "
        + "Vancouver Venice Vienna Vilnius Warsaw York Zagreb Zurich ");

    public static readonly string[] Professions = Split(
        "accountant actor archaeologist architect astronomer baker barber beekeeper biologist botanist bricklayer butcher "
        + "carpenter chemist clerk cook courier dancer dentist designer diver doctor driver editor electrician engineer farmer "
        + "firefighter fisherman florist gardener geologist glazier guide historian jeweller joiner journalist judge lawyer "
        + "lecturer librarian locksmith mason mechanic midwife miller miner musician nurse optician painter pharmacist "
        + "photographer physicist pilot plumber poet potter printer professor ranger roofer sailor sculptor shepherd singer smith "
        + "surgeon surveyor tailor teacher translator vet waiter watchmaker weaver welder writer ");

    public static readonly string[] Colours = Split(
        "amber azure beige black blue bronze brown copper coral cream crimson cyan emerald gold green grey indigo ivory jade "
        + "lavender lemon lilac lime magenta maroon mint navy olive orange peach pink plum purple red rose ruby rust salmon sand "
        + "scarlet silver tan teal turquoise violet white yellow ");

    public static readonly string[] Animals = Split(
        "alpaca badger bat bear beaver bee bison buffalo camel cat cheetah cow crab crane crow deer dingo dog dolphin donkey "
        + "dove duck eagle eel elephant elk falcon ferret finch fox frog gazelle gecko giraffe goat goose hamster hare hawk "
        + "hedgehog heron horse hyena ibex jackal jaguar koala lark lemur leopard lion lizard llama lobster lynx magpie mole "
        + "monkey moose mouse newt octopus otter owl panda panther parrot peacock pelican penguin pheasant pig pigeon pony puffin "
        + "puma quail rabbit raccoon rat raven robin salmon seal shark sheep sloth snail snake sparrow spider squirrel stork swan "
        + "tiger toad tortoise trout turkey turtle viper walrus wasp weasel whale wolf wombat yak zebra ");

    public static readonly string[] Foods = Split(
        "almonds apples apricots bananas barley beans beetroot berries biscuits bread broccoli butter cabbage cake carrots "
        + "cashews cauliflower celery cheese cherries chestnuts chicken chickpeas chocolate cinnamon coconut coffee corn couscous "
        + "cream cucumber curry dates dumplings eggs fennel figs fish garlic ginger grapes ham hazelnuts herring honey kiwis "
        + "leeks lemons lentils lettuce mangoes melons milk mushrooms mussels mustard noodles nuts oats olives onions oranges "
        + "pancakes parsley pasta peaches peanuts pears peas pepper pies pineapple pizza plums porridge potatoes prawns pumpkin "
        + "quinoa radishes raisins rice risotto rye salad salmon sausages sesame soup spinach squash steak stew strawberries tea "
        + "toast tofu tomatoes trout tuna turnips vanilla waffles walnuts yoghurt ");

    public static readonly string[] Nouns = Split(
        "anchor apron arrow attic axe bag ball balloon barn barrel basket beach bell bench bicycle blanket boat book boot "
        + "bottle bowl box bracelet brick bridge broom brush bucket button cabin cabinet cable camera candle canvas card carpet "
        + "cart castle ceiling cellar chain chair chart chest chimney clock cloth cloud coat coin comb compass corner cottage "
        + "cradle crate crown cup curtain cushion dam desk dial dock door drawer drum engine envelope fence ferry field flag "
        + "flute forest fork fountain frame garden gate glass globe glove grain guitar hall hammer harbour hat helmet hill hinge "
        + "horn hotel house island jacket jar jewel jug kettle key kitchen kite knife ladder lake lamp lantern leaf ledger lens "
        + "letter lever library lighthouse lock log loom map market mask medal mill mirror moon mountain mug nail needle nest net "
        + "notebook oar oven paddle page pail paint palace paper parcel path pen pencil piano pillar pillow pipe plate plough "
        + "pocket pond pool post pot prism pump puzzle quilt radio raft rail ramp ribbon ring river road rock roof room rope "
        + "rudder saddle sail scale scarf school screen seed shelf shell shield ship shoe shovel signal sink sled spade spoon "
        + "spring stable staircase stamp star station statue stone stool storm stove street string table tape tent thread ticket "
        + "tile timber tool torch towel tower town toy track train tray tree trumpet trunk tunnel umbrella valley vase vault "
        + "village violin wagon wall wallet watch water well wheel whistle window wing wire wood workshop yard ");

    public static readonly string[] Adjectives = Split(
        "ancient bitter bold brave brief bright broad broken calm careful cheap clean clear clever cold common cool crooked "
        + "curious damp dark deep distant double dry dull dusty early eager empty faint fair famous fast fierce final fine firm "
        + "flat fresh gentle giant glad grand great happy hard heavy hidden high hollow honest hot huge humble idle kind large "
        + "late lazy light little lonely long loose loud low lucky mild modern narrow neat new noble odd old open pale patient "
        + "plain pleasant polite poor proud quick quiet rapid rare raw ready rich rough round rusty sad safe secret serious sharp "
        + "short silent simple slow small smooth soft solid sour square steady steep stiff strange strict strong sudden sunny "
        + "sweet swift tall tame thick thin tidy tight tiny tired true warm weak wet wide wild wise young ");

    public static readonly string[] Verbs = Split(
        "admired answered asked borrowed bought brought built carried caught checked cleaned climbed closed collected copied "
        + "counted covered crossed described drew dropped examined explained finished fixed followed forgot found gathered gave "
        + "handed held hid ignored joined kept lifted lost made measured mended missed moved noticed offered opened ordered "
        + "packed painted passed placed pointed praised prepared promised pulled pushed reached read received remembered removed "
        + "repaired returned saved sent showed signed sold sorted stacked started studied swept told took tried turned used "
        + "visited wanted washed watched weighed wrapped wrote ");

    public static readonly string[] Topics = Split(
        "budget hiring office kitchen parking website archive newsletter training security heating lighting printers garden "
        + "library canteen reception travel insurance contracts deliveries suppliers inventory logo uniforms schedule holidays "
        + "mentoring podcast exhibition fair audit backup laptops phones server warehouse fleet packaging recycling solar "
        + "elevator roof signage survey workshop conference translation payroll pensions charity sponsorship museum choir "
        + "bicycles playground fountain bridge harbour ferry market festival orchard greenhouse bakery laboratory telescope ");

    public static readonly string[] Actions = Split(
        "buy repair replace postpone cancel approve reject extend publish translate paint move close reopen expand shorten "
        + "rename sell rent clean insure audit advertise test archive redesign relocate restore upgrade review ");

    internal static string[] Split(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
