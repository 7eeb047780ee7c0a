/** Things people do once and remember, as verb phrases in the infinitive and the second person. */
export const deeds = `
deed:
  eat an entire cake alone | eat cereal with water | eat soup with a fork | eat a whole lemon on a dare
  burn a bowl of cereal | set off a smoke alarm with toast | burn dinner for ten guests
  catch a fish with bare hands | fall asleep in a meeting | fall asleep at the cinema | fall up the stairs
  fall into a fountain | fall off a camel | trip over your own shoes | walk into a glass door
  walk home in flip flops | wave at a total stranger | hug the wrong person | call your boss mom
  call your dog by the wrong name | forget your own birthday | forget your own phone number
  forget where you parked | forget your anniversary | forget your password on stage | lose a bet to a child
  lose a shoe on a train | lose a fight with a goose | lose an argument with a parrot
  lose your luggage twice | lose a contact lens in a salad | win a pie contest | win a spelling bee by luck
  win an argument with a lawyer | win a goldfish at a fair | win the lottery by mistake
  find money in an old coat | find a love letter in a library book | find a secret door in your house
  find a ring in a potato | steal a pen from a bank | steal your roommate's yogurt | steal a traffic cone
  steal the show at a wedding | borrow a ladder for three years | break a window with a sandwich
  break a bone while sleeping | break an expensive vase | fix a sink with chewing gum
  fix a computer by accident | fix a car with a banana | build a boat in the basement
  build a treehouse without a plan | build a snowman in June | bake bread at midnight
  bake a birthday cake for a horse | cook dinner for fifty people | cook spaghetti in a coffee pot
  cry during a cartoon | cry over a broken mug | laugh at a funeral | laugh at the wrong joke
  sneeze during a moment of silence | sing in an empty elevator | sing the wrong anthem
  sing opera to a baby | dance alone in the kitchen | dance at a bus stop | dance with a broom
  talk to a houseplant | talk to a statue for an hour | ride a horse to school
  ride the wrong bus for an hour | ride a bike down the stairs | drive through a parade
  drive in circles for an hour | miss a flight because of a nap | miss your own party
  sleep through an earthquake | sleep in a bathtub | sleep through three alarms | wake up in the wrong house
  wake up with a mustache drawn on | wear two different shoes to work | wear pajamas to a job interview
  wear the same shirt for a month | wear a cape to the office | buy a couch without measuring
  buy a boat on the internet | buy a house for the cat | buy a gym membership for the shower
  sell a haunted lamp | sell lemonade in the winter | quit a job by email | quit a job after one day
  lie about your age | lie about your favorite band | lie about speaking French
  pretend to be asleep on a train | pretend to know about wine | pretend to be your own twin
  pretend to read the menu | adopt a one-eyed cat | adopt three dogs in one day | teach a parrot to swear
  teach your grandmother to text | teach a dog to open doors | raise a duck in an apartment
  raise a family of squirrels | chase a raccoon out of the kitchen | chase an ice cream truck
  chase your own hat | send a text to the wrong person | send a selfie to the boss
  send an angry email to everyone | answer a phone call in your sleep | read the terms of service
  read the last page first | read a cookbook for fun | write a letter to your future self
  write a poem about soup | write a bad review of a park | name a goat after your boss
  name a plant after a singer | paint a wall the wrong color | paint the ceiling by mistake
  cut your own hair | cut the wrong wire | grow a pumpkin on a balcony | grow a beard for a bet
  plant a tree in the wrong garden | climb a tree to save a cat | climb a fence in a suit
  swim in a hotel fountain | swim with your glasses on | get stuck in an elevator
  get lost in a furniture store | get locked out in a towel | get a haircut from a friend
  get a tattoo of a sandwich | get lost in your own neighborhood | order pizza to the wrong city
  order the same meal for a year | drink a gallon of milk | drink from a vase | drop a phone in the soup
  drop a wedding cake | spill coffee on a stranger | spill soup on a laptop | meet your hero in an elevator
  meet your twin at a bus stop | meet a celebrity in your pajamas | move to another country
  move a piano alone | hitchhike with a magician | hide in a closet at a party
  hide a birthday cake too well | hide from a neighbor | hide behind a tiny plant
  survive a week without internet | survive a night in a cave | explain the internet to your grandfather
  apologize to a chair | apologize to a mannequin | argue with a parking meter | argue with a weather app
  join a book club for the snacks | join the wrong tour group | leave a party without saying goodbye
  leave a baby photo in a taxi | ignore a phone call for a week | ignore a ghost in the attic
  apply for a job by accident | return a library book ten years late | return a used candle
  clean the house to avoid work | invite the whole street for dinner | invite a stranger to a wedding
  interrupt a wedding | ruin a surprise party | ruin a family photo | bring a goat to school
  bring soup to a picnic | feed a stranger's parking meter | feed the wrong cat for a year
  knock over a museum statue | push a door that says pull | practice a speech in the mirror
  iron a shirt with a pan | follow a duck across town | miss the last train home | play chess with a pigeon
  play the drums at night | paint your fence at midnight
`;
