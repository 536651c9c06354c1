"""Given names by which a text is suspected to name a person: common ones in the languages that projects are
written about in. Those that are also words, months, places or ranks are left out.
"""

GIVEN_NAMES = {
    "Aaron", "Adam", "Adrian", "Agnes", "Ahmed", "Aisha", "Alan", "Albert", "Alejandro", "Alessandro",
    "Alex", "Alexander", "Alexandra", "Ali", "Alice", "Amanda", "Amy", "Ana", "Andrea", "Andreas", "Andrew",
    "Angela", "Anita", "Anna", "Anne", "Anthony", "Antonio", "Arthur", "Barbara", "Beatrice", "Benjamin",
    "Bernard", "Bernd", "Birgit", "Brian", "Bruno", "Carl", "Carla", "Carlos", "Carmen", "Caroline",
    "Catherine", "Charles", "Christian", "Christina", "Christine", "Christopher", "Claire", "Claudia",
    "Daniel", "Daniela", "David", "Deborah", "Deepak", "Dennis", "Diana", "Diego", "Dieter", "Dmitri",
    "Donald", "Dorothy", "Edward", "Elena", "Elisabeth", "Elizabeth", "Emily", "Emma", "Eric", "Erik",
    "Ernst", "Eva", "Fatima", "Felix", "Fernando", "Francesco", "Francois", "Frederick", "Friedrich",
    "Gabriel", "Gary", "George", "Gerald", "Gerhard", "Giovanni", "Giulia", "Gregory", "Guillermo",
    "Hannah", "Hans", "Heike", "Heinz", "Helen", "Helga", "Henri", "Henry", "Hiroshi", "Ian", "Ibrahim",
    "Igor", "Ingrid", "Irene", "Isabel", "Ivan", "Jacob", "Jacques", "James", "Jane", "Janet", "Jason",
    "Javier", "Jeffrey", "Jennifer", "Jens", "Jessica", "Jim", "Joachim", "Joan", "Johann", "Johannes",
    "John", "Jonathan", "Jorge", "Jose", "Joseph", "Juan", "Julia", "Julie", "Jürgen", "Karen", "Karin",
    "Karl", "Katherine", "Kathleen", "Katja", "Keith", "Kenneth", "Kevin", "Klaus", "Lars", "Laura",
    "Laurent", "Lena", "Leon", "Linda", "Lisa", "Luca", "Lucas", "Lucia", "Luis", "Lukas", "Manuel", "Marc",
    "Marco", "Margaret", "Maria", "Marie", "Mario", "Marta", "Martha", "Martin", "Mary", "Matthew",
    "Matthias", "Michael", "Michel", "Michelle", "Miguel", "Mohamed", "Mohammed", "Monica", "Monika",
    "Nancy", "Natalie", "Nathan", "Nicholas", "Nicole", "Nina", "Oleg", "Olga", "Oliver", "Omar", "Oscar",
    "Pablo", "Pamela", "Patricia", "Patrick", "Paul", "Paula", "Pedro", "Peter", "Petra", "Philip",
    "Philippe", "Pierre", "Rachel", "Rainer", "Rajesh", "Ralf", "Raymond", "Rebecca", "Renate", "Ricardo",
    "Richard", "Robert", "Roberto", "Roger", "Roland", "Ronald", "Ruth", "Sabine", "Samantha", "Samuel",
    "Sandra", "Sarah", "Sebastian", "Sergio", "Sharon", "Simon", "Sofia", "Sophie", "Stefan", "Stephanie",
    "Stephen", "Steven", "Susan", "Susanne", "Svetlana", "Takashi", "Tatiana", "Teresa", "Theresa",
    "Thomas", "Timothy", "Tobias", "Tom", "Ursula", "Uwe", "Valentina", "Vincent", "Vladimir", "Walter",
    "Werner", "William", "Wolfgang", "Yuki", "Yusuf", "Yves",
}  # fmt: skip
