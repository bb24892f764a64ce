namespace RwkvX.AI.Evaluation.Words;

/// <summary>A kind of fact, and how people state it and ask for it; <c>{s}</c> is the subject, <c>{v}</c> the value.</summary>
/// <param name="Subject">What it is about: P a person, T a topic, N a thing.</param>
/// <param name="Value">What it says, by the letter of a word list; D digits, M a time, E a date, W invented.</param>
/// <param name="Statements">In a text. No value begins one: at the start of a line it would have other tokens than in the answer.</param>
/// <param name="Questions">To the model.</param>
/// <param name="Answer">The model's.</param>
/// <param name="Own">What a user says of himself in a chat; null where nobody would.</param>
/// <param name="OwnQuestions">The user's questions about himself.</param>
/// <param name="OwnAnswer">The model's answer to that.</param>
internal sealed record Relation(
    char Subject, char Value, string[] Statements, string[] Questions, string Answer, string[]? Own = null, string[]? OwnQuestions = null, string? OwnAnswer = null)
{
    public static Relation[] All { get; } =
    [
        new('P', 'c', ["{s} lives in {v}.", "{s} has moved to {v}.", "Since last year {s} has had a flat in {v}.", "If you write to {s}, send it to {v}, where {s} lives now.", "The city where {s} lives is {v}."],
            ["In which city does {s} live?", "Where does {s} live?", "Which city does {s} live in?"], "{s} lives in {v}.", ["I live in {v}.", "My home is in {v}.", "I have moved to {v}.", "I am from {v}."], ["Where do I live?", "In which city do I live?", "Where is my home?"], "You live in {v}."),
        new('P', 'F', ["The full name of {s} is {v}.", "{s} is short for {v}.", "On paper {s} is called {v}."],
            ["What is the full name of {s}?", "What is {s} called on paper?"], "The full name of {s} is {v}.", ["My name is {v}.", "My name is {v}.", "I am called {v}.", "You can call me {v}.", "I am {v}."], ["What is my name?", "What is my name?", "Do you remember my name?", "What am I called?"], "Your name is {v}."),
        new('P', 'p', ["{s} works as a {v}.", "{s} became a {v} after school.", "By profession {s} is a {v}.", "{s}, who is a {v}, came by in the afternoon."],
            ["What does {s} do for a living?", "What is the profession of {s}?", "What does {s} work as?"], "{s} is a {v}.", ["I work as a {v}.", "I am a {v}.", "My job: I am a {v}.", "I earn my money as a {v}."], ["What is my job?", "What do I do for a living?", "What do I work as?"], "You are a {v}."),
        new('P', 'k', ["The favourite colour of {s} is {v}.", "{s} likes {v} more than any other colour.", "{s} paints everything {v}, the colour that {s} likes best."],
            ["What is the favourite colour of {s}?", "Which colour does {s} like best?"], "The favourite colour of {s} is {v}.", ["My favourite colour is {v}.", "The colour that I like best is {v}.", "I like {v} more than any other colour."], ["What is my favourite colour?", "Which colour do I like best?"], "Your favourite colour is {v}."),
        new('P', 'f', ["{s} likes to eat {v} most of all.", "The favourite food of {s} is {v}.", "Nothing makes {s} happier than {v} for lunch; it is the food that {s} likes best."],
            ["What is the favourite food of {s}?", "What does {s} like to eat most?"], "The favourite food of {s} is {v}.", ["My favourite food is {v}.", "I like to eat {v} most of all.", "I love {v}."], ["What do I like to eat?", "What is my favourite food?"], "Your favourite food is {v}."),
        new('P', 'f', ["{s} is allergic to {v}.", "Doctors told {s} to keep away from {v} because of an allergy.", "Do not serve {v} to {s}, who is allergic to it."],
            ["What is {s} allergic to?", "Which food must {s} avoid because of an allergy?"], "{s} is allergic to {v}.", ["I am allergic to {v}.", "I have an allergy: {v}.", "I must not eat {v}, I am allergic to it."], ["What am I allergic to?", "Which food must I avoid?"], "You are allergic to {v}."),
        new('P', 'l', ["{s} keeps a {v} as a pet.", "At home {s} has a {v}.", "The pet of {s} is a {v}."],
            ["Which animal does {s} keep?", "What pet does {s} have?"], "{s} has a {v}.", ["I have a {v} at home.", "I keep a {v} as a pet.", "My pet is a {v}."], ["Which pet do I have?", "Which animal do I have at home?", "What is my pet?"], "You have a {v}."),
        new('P', 'W', ["The dog of {s} is called {v}.", "{s} named the dog {v}.", "\"Come here, {v}!\" {s} called the dog."],
            ["What is the dog of {s} called?", "What is the name of the dog of {s}?"], "The dog of {s} is called {v}.", ["My dog is called {v}.", "The name of my dog is {v}.", "I have a dog called {v}."], ["What is the name of my dog?", "What is my dog called?"], "Your dog is called {v}."),
        new('P', 'D', ["The locker of {s} has the number {v}.", "{s} uses locker {v}.", "Locker {v} belongs to {s}."],
            ["Which locker does {s} use?", "What is the number of the locker of {s}?"], "{s} uses locker {v}.", ["My locker has the number {v}.", "I use locker {v}.", "The number of my locker is {v}."], ["Which number does my locker have?", "Which locker do I use?"], "Your locker has the number {v}."),
        new('P', 'E', ["{s} was born on {v}.", "The birthday of {s} is {v}.", "Every year on {v}, {s} has a birthday party."],
            ["When is the birthday of {s}?", "On which day was {s} born?"], "The birthday of {s} is {v}.", ["My birthday is {v}.", "I was born on {v}.", "My birthday is on {v}."], ["When is my birthday?", "On which day was I born?"], "Your birthday is {v}."),
        new('P', 'k', ["{s} drives a {v} car.", "The car of {s} is {v}.", "You know {s} by the {v} car."],
            ["Which colour is the car of {s}?", "What colour is the car of {s}?"], "The car of {s} is {v}.", ["My car is {v}.", "I drive a {v} car.", "The colour of my car is {v}."], ["Which colour is my car?", "What colour does my car have?"], "Your car is {v}."),
        new('T', 'E', ["The {s} meeting takes place on {v}.", "We meet about the {s} on {v}.", "The date of the {s} meeting is {v}."],
            ["When is the {s} meeting?", "On which date is the {s} meeting?"], "The {s} meeting is on {v}."),
        new('T', 'M', ["The {s} team meets at {v}.", "At {v} the {s} team comes together.", "The {s} team has its meeting at {v}."],
            ["At what time does the {s} team meet?", "When does the {s} team meet?"], "The {s} team meets at {v}."),
        new('T', 'F', ["The {s} project is led by {v}.", "The leader of the {s} project is {v}.", "For the {s} project, {v} is responsible."],
            ["Who leads the {s} project?", "Who is responsible for the {s} project?"], "The {s} project is led by {v}."),
        new('T', 'D', ["The access code of the {s} room is {v}.", "To open the {s} room, type {v}.", "The {s} room opens with the code {v}."],
            ["What is the access code of the {s} room?", "Which code opens the {s} room?"], "The access code of the {s} room is {v}."),
        new('N', 'D', ["The {s} costs {v} euros.", "They paid {v} euros for the {s}.", "The price of the {s} is {v} euros."],
            ["How much does the {s} cost?", "What is the price of the {s}?"], "The {s} costs {v} euros."),
        new('N', 'N', ["The {s} is kept behind the {v}.", "You will find the {s} behind the {v}.", "Somebody put the {s} behind the {v}."],
            ["Where is the {s}?", "Where is the {s} kept?"], "The {s} is behind the {v}."),
        new('N', 'W', ["The password of the {s} is {v}.", "The {s} asks for a password, which is {v}.", "Use the password {v} for the {s}."],
            ["What is the password of the {s}?", "Which password does the {s} have?"], "The password of the {s} is {v}."),
        new('N', 'F', ["The {s} belongs to {v}.", "The {s} is owned by {v}.", "The owner of the {s} is {v}."],
            ["Who owns the {s}?", "Whose is the {s}?"], "The {s} belongs to {v}."),
        new('P', 'F', ["The sister of {s} is called {v}.", "{s} has a sister called {v}.", "For years {s} shared a room with a sister, {v}."],
            ["What is the sister of {s} called?", "What is the name of the sister of {s}?"], "The sister of {s} is called {v}.", ["My sister is called {v}.", "I have a sister called {v}.", "The name of my sister is {v}."], ["What is my sister called?", "What is the name of my sister?"], "Your sister is called {v}."),
        new('P', 'F', ["The best friend of {s} is {v}.", "{s} and {v} have been best friends since school.", "Nobody knows {s} as well as {v}, who is the best friend."],
            ["Who is the best friend of {s}?", "What is the best friend of {s} called?"], "The best friend of {s} is {v}.", ["My best friend is {v}.", "The name of my best friend is {v}.", "I have known my best friend {v} for years."], ["Who is my best friend?", "What is my best friend called?"], "Your best friend is {v}."),
        new('P', 'c', ["{s} grew up in {v}.", "{s} was born in {v} and went to school there.", "As a child, {s} lived in {v}."],
            ["Where did {s} grow up?", "In which city was {s} born?"], "{s} grew up in {v}.", ["I grew up in {v}.", "I was born in {v}.", "As a child I lived in {v}."], ["Where did I grow up?", "In which city was I born?"], "You grew up in {v}."),
        new('P', 'c', ["{s} will travel to {v} next month.", "The next journey of {s} goes to {v}.", "{s} has booked a flight to {v}."],
            ["Where will {s} travel next month?", "Where does the next journey of {s} go?"], "{s} will travel to {v}.", ["I will travel to {v} next month.", "My next journey goes to {v}.", "I have booked a flight to {v}."], ["Where will I travel?", "Where does my next journey go?"], "You will travel to {v}."),
        new('P', 'D', ["The phone of {s} has the number {v}.", "You reach {s} under the number {v}.", "{s} has the extension {v}."],
            ["What is the phone number of {s}?", "Under which number do I reach {s}?"], "The phone number of {s} is {v}.", ["My phone number is {v}.", "You reach me under the number {v}.", "Please note my phone number, {v}."], ["What is my phone number?", "Which phone number do I have?"], "Your phone number is {v}."),
        new('P', 'D', ["The lucky number of {s} is {v}.", "{s} always plays the number {v}.", "{s} believes in the number {v}."],
            ["What is the lucky number of {s}?", "Which number does {s} believe in?"], "The lucky number of {s} is {v}.", ["My lucky number is {v}.", "I always play the number {v}.", "Remember this number for me: {v}."], ["What is my lucky number?", "Which number did I tell you?", "What was my number?"], "Your number is {v}."),
        new('P', 'W', ["The secret word of {s} is {v}.", "{s} uses {v} as the secret word.", "Only {s} knows the secret word {v}."],
            ["What is the secret word of {s}?", "Which secret word does {s} use?"], "The secret word of {s} is {v}.", ["My secret word is {v}.", "Remember the secret word {v}.", "The secret word is {v}."], ["What is my secret word?", "What is the secret word?", "Which secret word did I tell you?"], "Your secret word is {v}."),
        new('P', 'l', ["{s} is afraid of every {v}.", "Nothing frightens {s} like a {v}.", "The animal that {s} fears most is the {v}."],
            ["Which animal is {s} afraid of?", "Which animal does {s} fear most?"], "{s} is afraid of the {v}.", ["I am afraid of every {v}.", "The animal that I fear most is the {v}."], ["Which animal am I afraid of?", "Which animal do I fear most?"], "You are afraid of the {v}."),
        new('P', 'M', ["{s} gets up at {v}.", "Every day at {v}, {s} gets up.", "The alarm clock of {s} rings at {v}."],
            ["When does {s} get up?", "At what time does {s} get up?"], "{s} gets up at {v}.", ["I get up at {v}.", "Every day I get up at {v}.", "My alarm clock rings at {v}."], ["When do I get up?", "At what time do I get up?"], "You get up at {v}."),
        new('P', 'M', ["{s} has an appointment with the dentist at {v}.", "At {v} the dentist expects {s}.", "The appointment of {s} with the dentist is at {v}."],
            ["When does the dentist expect {s}?", "At what time is the appointment of {s} with the dentist?"], "The appointment of {s} is at {v}.", ["I have an appointment with the dentist at {v}.", "My appointment with the dentist is at {v}.", "At {v} I have to be at the dentist."], ["When is my appointment?", "At what time does the dentist expect me?"], "Your appointment is at {v}."),
        new('P', 'N', ["{s} keeps the spare key behind the {v}.", "The spare key of {s} lies behind the {v}.", "{s} hid the spare key behind the {v}."],
            ["Where does {s} keep the spare key?", "Where is the spare key of {s}?"], "The spare key of {s} is behind the {v}.", ["I keep my spare key behind the {v}.", "My spare key lies behind the {v}.", "I have put my spare key behind the {v}."], ["Where is my spare key?", "Where did I put my spare key?"], "Your spare key is behind the {v}."),
        new('T', 'E', ["The deadline for the {s} is {v}.", "Everything about the {s} must be done by {v}.", "By {v} the {s} has to be ready."],
            ["What is the deadline for the {s}?", "When must the {s} be ready?"], "The deadline for the {s} is {v}."),
        new('T', 'D', ["The {s} had a cost of {v} euros this year.", "This year {v} euros were spent on the {s}.", "For the {s} there are {v} euros."],
            ["How many euros are there for the {s}?", "How much was spent on the {s}?"], "It is {v} euros for the {s}."),
        new('N', 'k', ["The {s} is painted {v}.", "They painted the {s} {v}.", "The colour of the {s} is {v}."],
            ["Which colour is the {s}?", "What colour was the {s} painted?"], "The {s} is {v}."),
        new('N', 'c', ["The {s} was made in {v}.", "The {s} comes from {v}.", "Somebody brought the {s} from {v}."],
            ["Where was the {s} made?", "From which city does the {s} come?"], "The {s} comes from {v}."),
        new('N', 'D', ["The {s} weighs {v} grams.", "On the scales the {s} came to {v} grams.", "The weight of the {s} is {v} grams."],
            ["How much does the {s} weigh?", "What is the weight of the {s}?"], "The {s} weighs {v} grams."),
    ];

    /// <summary>More kinds, of training alone: how documents of tests come about stays as it is.</summary>
    public static Relation[] Training { get; } =
    [
        .. All,
        new('N', 'D', ["The lock number of the {s} is {v}.", "The {s} has the lock number {v}.", "The lock of the {s} wants the number {v}."],
            ["What is the lock number of the {s}?", "Which number does the lock of the {s} want?"], "The lock number of the {s} is {v}."),
        new('N', 'D', ["The number of the {s} is {v}.", "The {s} has the number {v}.", "Number {v} is that of the {s}."],
            ["What is the number of the {s}?", "Which number does the {s} have?"], "The number of the {s} is {v}."),
        new('N', 'W', ["The name of the {s} is {v}.", "The {s} is called {v}.", "They call the {s} {v}."],
            ["What is the name of the {s}?", "What is the {s} called?"], "The {s} is called {v}."),
        new('N', 'N', ["The {s} lies under the {v}.", "Under the {v} there is the {s}.", "The {s} is hidden under the {v}."],
            ["What is the {s} hidden under?", "What does the {s} lie under?"], "The {s} is under the {v}."),
        new('N', 'F', ["The {s} was found by {v}.", "It was {v} who found the {s}.", "On a walk, {v} found the {s}."],
            ["Who found the {s}?", "Who has found the {s}?"], "The {s} was found by {v}."),
        new('N', 'F', ["The {s} was built by {v}.", "It was {v} who built the {s}.", "Years ago {v} built the {s}."],
            ["Who built the {s}?", "By whom was the {s} built?"], "The {s} was built by {v}."),
        new('N', 'E', ["The {s} was bought on {v}.", "They bought the {s} on {v}.", "On {v} the {s} was delivered and paid."],
            ["When was the {s} bought?", "On which date was the {s} bought?"], "The {s} was bought on {v}."),
        new('N', 'p', ["Only a {v} can repair the {s}.", "To repair the {s} one has to be a {v}.", "For the {s} they need a {v}."],
            ["Who can repair the {s}?", "Who is needed for the {s}?"], "A {v} can repair the {s}."),
        new('P', 'W', ["The cat of {s} is called {v}.", "{s} has a cat called {v}.", "{s} calls the cat {v}."],
            ["What is the name of the cat of {s}?", "What is the cat of {s} called?"], "The cat of {s} is called {v}.", ["My cat is called {v}.", "The name of my cat is {v}.", "I have a cat called {v}."], ["What is the name of my cat?", "What is my cat called?"], "Your cat is called {v}."),
        new('P', 'W', ["{s} works for the company {v}.", "The company of {s} is called {v}.", "{s} has founded the company {v}."],
            ["Which company does {s} work for?", "What is the company of {s} called?"], "{s} works for {v}.", ["I work for the company {v}.", "My company is called {v}."], ["Which company do I work for?", "What is my company called?"], "You work for {v}."),
        new('P', 'k', ["The bicycle of {s} is {v}.", "{s} bought a {v} bicycle.", "{s} rides a {v} bicycle."],
            ["What colour is the bicycle of {s}?", "Which colour does the bicycle of {s} have?"], "The bicycle of {s} is {v}.", ["My bicycle is {v}.", "I ride a {v} bicycle.", "I bought a {v} bicycle."], ["What colour is my bicycle?", "Which colour does my bicycle have?"], "Your bicycle is {v}."),
        new('P', 'F', ["The brother of {s} is called {v}.", "{s} has a brother called {v}.", "{s} visited the brother, {v}."],
            ["What is the brother of {s} called?", "Who is the brother of {s}?"], "The brother of {s} is called {v}.", ["My brother is called {v}.", "I have a brother called {v}.", "The name of my brother is {v}."], ["What is my brother called?", "What is the name of my brother?"], "Your brother is called {v}."),
        new('P', 'F', ["The mother of {s} is called {v}.", "{s} has a mother called {v}.", "The mother of {s}, {v}, came to visit."],
            ["What is the mother of {s} called?", "Who is the mother of {s}?"], "The mother of {s} is called {v}.", ["My mother is called {v}.", "The name of my mother is {v}."], ["What is my mother called?", "What is the name of my mother?"], "Your mother is called {v}."),
        new('P', 'F', ["The teacher of {s} is {v}.", "{s} takes lessons from {v}.", "What {s} knows, {s} learnt from {v}."],
            ["Who is the teacher of {s}?", "From whom did {s} learn?"], "The teacher of {s} is {v}.", ["My teacher is {v}.", "I take lessons from {v}."], ["Who is my teacher?", "From whom do I take lessons?"], "Your teacher is {v}."),
        new('P', 'F', ["The doctor of {s} is {v}.", "When ill, {s} goes to {v}.", "{s} has a doctor called {v}."],
            ["Who is the doctor of {s}?", "What is the doctor of {s} called?"], "The doctor of {s} is {v}.", ["My doctor is {v}.", "The name of my doctor is {v}."], ["Who is my doctor?", "What is my doctor called?"], "Your doctor is {v}."),
        new('P', 'c', ["{s} works in {v}.", "The office of {s} is in {v}.", "Every morning {s} drives to {v} to work."],
            ["Where does {s} work?", "In which city is the office of {s}?"], "{s} works in {v}.", ["I work in {v}.", "My office is in {v}."], ["Where do I work?", "In which city is my office?"], "You work in {v}."),
        new('P', 'p', ["{s} wants to become a {v}.", "The dream of {s} is to be a {v}.", "One day {s} will be a {v}."],
            ["What does {s} want to become?", "What is the dream of {s}?"], "{s} wants to become a {v}.", ["I want to become a {v}.", "My dream is to be a {v}."], ["What do I want to become?", "What is my dream?"], "You want to become a {v}."),
        new('P', 'f', ["{s} ordered {v} for dinner.", "For dinner {s} had {v}.", "{s} cooked {v} yesterday."],
            ["What did {s} have for dinner?", "What did {s} eat yesterday?"], "{s} had {v}.", ["I had {v} for dinner.", "Yesterday I cooked {v}."], ["What did I have for dinner?", "What did I cook yesterday?"], "You had {v}."),
        new('P', 'l', ["{s} saw a {v} in the garden.", "In the garden of {s} there was a {v}.", "{s} told everybody of the {v} in the garden."],
            ["What did {s} see in the garden?", "Which animal was in the garden of {s}?"], "{s} saw a {v}.", ["I saw a {v} in the garden.", "There was a {v} in my garden."], ["What did I see in the garden?", "Which animal was in my garden?"], "You saw a {v}."),
        new('P', 'D', ["{s} lives in house number {v}.", "The house of {s} has the number {v}.", "The number of the house of {s} is {v}."],
            ["What is the number of the house of {s}?", "In which house number does {s} live?"], "The house of {s} has the number {v}.", ["My house has the number {v}.", "I live in house number {v}."], ["What is the number of my house?", "Which number does my house have?"], "Your house has the number {v}."),
        new('P', 'D', ["{s} has {v} books.", "There are {v} books in the house of {s}.", "{s} counted the books: {v}."],
            ["How many books does {s} have?", "How many books are in the house of {s}?"], "{s} has {v} books.", ["I have {v} books.", "I counted my books: {v}."], ["How many books do I have?"], "You have {v} books."),
        new('P', 'M', ["The train of {s} leaves at {v}.", "{s} takes the train at {v}.", "At {v} the train of {s} leaves."],
            ["When does the train of {s} leave?", "Which train does {s} take?"], "The train of {s} leaves at {v}.", ["My train leaves at {v}.", "I take the train at {v}."], ["When does my train leave?", "Which train do I take?"], "Your train leaves at {v}."),
        new('P', 'E', ["{s} got married on {v}.", "The wedding of {s} was on {v}.", "On {v}, {s} got married."],
            ["When did {s} get married?", "When was the wedding of {s}?"], "The wedding of {s} was on {v}.", ["I got married on {v}.", "My wedding was on {v}."], ["When did I get married?", "When was my wedding?"], "Your wedding was on {v}."),
        new('P', 'E', ["{s} will arrive on {v}.", "We expect {s} on {v}.", "The visit of {s} begins on {v}."],
            ["When will {s} arrive?", "When do we expect {s}?"], "{s} will arrive on {v}."),
        new('T', 'F', ["The report on the {s} was written by {v}.", "In the report on the {s}, {v} explains everything.", "Read the report on the {s} by {v}."],
            ["Who wrote the report on the {s}?", "Whose report is there on the {s}?"], "The report on the {s} was written by {v}."),
        new('T', 'F', ["The {s} meeting was opened by {v}.", "At the {s} meeting {v} spoke first.", "It was {v} who opened the {s} meeting."],
            ["Who opened the {s} meeting?", "Who spoke first at the {s} meeting?"], "The {s} meeting was opened by {v}."),
        new('T', 'c', ["The {s} conference takes place in {v}.", "This year the {s} conference is in {v}.", "We meet in {v} for the {s} conference."],
            ["Which city has the {s} conference?", "In which city does the {s} conference take place?"], "The {s} conference is in {v}."),
        new('T', 'D', ["The {s} group has {v} members.", "There are {v} people in the {s} group.", "Of the {s} group {v} came."],
            ["How many members does the {s} group have?", "How many people are in the {s} group?"], "The {s} group has {v} members."),
        new('T', 'W', ["The {s} programme is called {v}.", "The name of the {s} programme is {v}.", "For the {s} they use the programme {v}."],
            ["What do they call the programme for the {s}?", "Which programme do they use for the {s}?"], "The {s} programme is called {v}."),
    ];

    /// <summary>A kind that nobody thought of, of training alone: any word of a person, a topic or a thing.</summary>
    public static Relation Any(string word, char subject)
    {
        string of = subject == 'P' ? "{s}" : "the {s}";
        return new Relation(
            subject, 'W', [$"The {word} of {of} is {{v}}.", $"For {of} the {word} is {{v}}.", $"As the {word} of {of} they chose {{v}}."],
            [$"What is the {word} of {of}?", $"Which {word} does {of} have?", $"Tell me the {word} of {of}."], $"The {word} of {of} is {{v}}.");
    }

    /// <summary>What somebody is called.</summary>
    public static Relation Name { get; } = All.First(relation => relation.OwnQuestions?.Contains("What is my name?") ?? false);
}
