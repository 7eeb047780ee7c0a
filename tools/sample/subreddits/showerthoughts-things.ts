/** Slots of r/Showerthoughts titles: things and their clauses, adult life, animals, inventions. */
export const showerthoughtsThings = `
superlative:
  best | worst | strangest | saddest | funniest | quietest | most honest | most human | hardest
  most expensive
a_thing:
  a {object} | a {object} | a {object} | a {adj} {object} | a {animal} | a {profession} | a birthday | a nap
  a wedding | a meeting | a dream | a haircut | a bad joke | a sandwich | an elevator ride | a snowman
  a password | a shadow | an alarm clock | a museum | a traffic jam | a vacation | a yawn | a hug | a promise
  a compliment | a secret | a diary | a graveyard | a school
relative_clause:
  with better marketing | that gave up | that went to college | for introverts | with extra steps
  you cannot return | that nobody asked for | with a good lawyer | that believes in itself | on a diet
  with commitment issues | in slow motion | with a nicer hat | that pays rent | without the paperwork
  you have to feed | that never sleeps | with a dark past | for rich people | in a cheap costume
  that learned to wait | with no sense of humor | that runs on coffee | you can take on a plane
  your {relative} would approve of | waiting for {a_thing} | that is afraid of {animal.plural}
  that once wanted to be a {profession} | that smells like {food} | with a {profession} inside
  full of {food}
those:
  {animal.plural} | {profession.plural} | people who hate {topic} | people without a {object}
  lonely {profession.plural} | toddlers | tall people | people who cannot cook {food} | the rich
  grandparents | people in love | adults | ghosts
food_clause:
  that gave up | with a better lawyer | for {animal.plural} | in a nicer outfit | that has seen things
  for adults | with the lights off | that went to therapy | for {profession.plural} | that nobody stirred
  with low self-esteem | you are allowed to eat {place} | that was left alone for {duration}
  your {relative} forgot in the {object}
abstract:
  happiness | patience | courage | friendship | success | boredom | nostalgia | wisdom | confidence | hope
  revenge | loneliness | laziness | trust | silence | luck | jealousy | embarrassment | forgiveness
  ambition | guilt | fame
clause_it:
  nobody knows how it works | everyone pretends to like it | it only hurts on Mondays
  you miss it when it is gone | the instructions are missing | it gets better with {food}
  only {profession.plural} understand it | it is mostly waiting | it never fits in the {object}
  the cheap one breaks first | children are better at it | it is louder at night
  your {relative} does it better | there is always somebody who brings {food}
  {animal.plural} figured it out long ago | nobody reads the manual | the line is always too long
  it starts with a {object} and ends with a {profession}
abstract_clause:
  with a deadline | wearing a {adj} {object} | without witnesses | that nobody paid for
  with better lighting | after {thirty} cups of coffee | for people who own a {object}
  that learned to {chore} | with a soundtrack | on a Monday morning | for {profession.plural}
  that your {relative} can see | in a smaller {object}
abstract_action:
  not telling anyone | calling it an adventure | not crying about it | doing it again | blaming the {animal}
  going to work the next day | charging {sum} for it | acting like a {profession}
  laughing about it in {thirty} years
being_adult:
  being an adult | adulthood | marriage | being a parent | working from home | having a job | retirement
  being single
chore:
  wash the dishes | answer emails | take out the trash | look for your keys | fold fitted sheets | pay bills
  buy {food} | wait in line | brush your teeth | clean the {object} | water the {object} | charge your phone
  carry a {object} | talk about {topic} | complain about {topic} | search for a {object}
  compare prices of {food} | close browser tabs | nod at {profession.plural} | park the car | set an alarm
  google your symptoms | reheat {food} | open the fridge | pretend to work | forget passwords
  apologize to your {relative} | stare at a {object} | put on socks | tie your shoes
so_that:
  so that you can {chore} | because your {relative} did | until you can {chore}
  in order to afford a {object} | while you pretend to understand {topic} | and calling it a weekend
  and dreaming about {food} | with a {object} nearby
enjoy:
  enjoy it | call it self-care | feel proud | tell your {relative} about it | forget why
  reward yourself with {food} | think of {animal.plural} | take a nap after | feel like a {profession}
  need {thirty} minutes to recover
realization:
  your {relative} was right about {topic} | nobody knows how {topic} works
  {food} is a breakfast if you want | the {profession} was also just guessing
  a good {object} is a good present | you are the {profession} now | {animal.plural} have it better
  the best part of a party is {chore.ing} | you can buy a {adj} {object} anytime
  your {relative} was just a kid with a {object} | nobody is going to stop you from eating {food}
thought_done:
  regretted it | felt normal after | told the truth about it | gone straight back to work
  written a song about it | felt sorry for the {animal} | become a better {profession}
  thanked a {profession} for it | thought about {topic} | called it a good day
  kept it a secret from a {profession}
animal_never:
  pay rent | ask for directions | apologize | say thank you | sit on a {object} | worry about {topic}
  need a {profession} | own a {object} | celebrate birthdays | wait in line | learn about {topic}
  see their own faces | get a weekend | taste {food} | have to {chore.their} | understand {profession.plural}
  laugh at our jokes | fall in love with a {object}
animal_do:
  look happy | judge us | run the world | always find {food} | sleep {thirty} hours a day | live rent free
  know the way home | have better {object.plural} | never look tired | seem to enjoy {topic}
  work harder than {profession.plural} | get invited {place} | eat {food} without guilt
  stare at us like {profession.plural} | have opinions about {topic}
animal_clause:
  that went to college | with better agents | on a budget | in formal wear | that learned about {topic}
  with anxiety | that took {topic} too seriously | without a {object} | that eat {food}
  for people who like {topic} | with wifi | that never met a {profession} | dressed as {profession.plural}
  after {thirty} cups of coffee
animal_fate:
  has a favorite {object} | is older than your {object} | has seen more of {topic} than you
  is having the best day ever | has slept {place} | thinks that a {profession} is its mother
  has eaten better {food} than you | is the {profession} of its family | will never taste {food}
  believes in {topic} | is waiting for a {profession} | has outsmarted a {profession}
  is thinking about {food} | knows where your {object} is | has no idea about {topic}
animal_reason:
  their fur | their wisdom | being cute | being loyal | their milk | being quiet | their speed | the jokes
  luck
animal_secret:
  have saved our lives | have judged our {object.plural} | think about {topic}
  have slept in our {object.plural} | were there when we {deed.past.our} | remember us
  have stolen our {food} | laughed when we {deed.past.our}
animal_maybe:
  sleep so much | never talk to us | stare at {object.plural} | avoid {profession.plural} | steal {food}
  dream about {topic} | only pretend to like {food} | make noise at night | hide from {profession.plural}
  love {object.plural}
animal_view:
  a tall {animal} | a {animal} with a {object} | a machine that gives {food} | a warm {object}
  a loud {object} | a bad {animal} | a {object} with legs | weather | a {animal} that smells like {food}
  a servant with {food}
child_past:
  was afraid of {animal.plural} | wanted a {object} for a birthday | hated {food} | thought {topic} was easy
  {deed.past.their} | talked to a {object} | dreamed of being a {profession} | lost a {object}
  asked about {topic}
object_fate:
  will be trash one day | was touched by a {profession} first | may outlive you
  is somebody's favorite {object} | has been on a ship | was once an idea in the head of a {profession}
  knows your secrets | will be in a museum | will be sold {place} | is slowly becoming an antique
  was designed by somebody who hated {topic}
object_past:
  has never been used | has changed owners {thirty} times | was there when somebody {deed.past.their}
  has been {place} | survived a {profession} | ended a marriage | started a war about {food}
  is still waiting for its {profession} | is older than {topic} | has saved a {animal}
  was stolen by a {animal} | made a {profession} cry
somebody:
  a {profession} | a {animal} | a stranger | your {relative} | a child | an old {profession}
  a lonely {animal}
somewhere_does:
  somewhere does the opposite | laughs | gets {thirty} dollars | {deed.third.their} | loses a {object}
  thinks of you | has to {chore.their} | is born | falls in love {place} | eats {food} | wins a {object}
unaware:
  without telling anyone | and told nobody | and will never know why | {thirty} times this year
  in a {adj} {object} | and still works {place} | because of a {animal} | to impress a {profession}
  for a plate of {food}
unaware_you:
  without telling you | and never told you | before you were born | because of you | with your {object}
  for {sum} | {place} | and blamed the {animal} | more than once | with a {profession} | and was proud of it
first_ever:
  for the very first time | and became a legend | and changed history | and started a tradition
  and we all forgot it | just to impress a {profession} | and invented {topic}
  {thirty} years before it was cool | and a {animal} saw it
invent_deed:
  eat {food} | milk a {animal} | ride a {animal} | try {food} with {food} | whistle | hug a {animal}
  tell a joke | wear a {object} | sell a {object} | drink coffee | shake hands | own a {object}
  sleep in a {object} | yawn {place}
must_have:
  been very hungry | lost a bet with a {profession} | felt like a {profession} | scared the {animal.plural}
  been a {profession} | tried a {object} first | looked very confident | had a terrible {relative}
  been alone {place} | had {thirty} bad ideas before | explained it to a {animal} first
  gotten the idea from a {animal}
inventor:
  probably hated {topic} | must have been lonely | never got invited {place} | had a {animal} in mind
  was just trying to {chore.their} | never had to {chore.their} | started with a {object}
  probably wanted to impress a {profession} | could not have known about {topic} | was somebody's {relative}
  also ate {food}
routine_ing:
  going on vacation | a party | moving out | being invited {place} | having a {animal} | owning a {object}
  dating a {profession} | falling in love | a day off | living alone | visiting your {relative}
  being famous
older:
  you own | you apologize to | look expensive | remind you of your {relative} | you talk about
  become interesting | you keep in the attic | you need to {chore} | make sense
difference:
  the hat | {sum} | the price of a {object} | who holds the {object} | the lighting | a good {profession}
  the smell | a {adj} {object} | the playlist | who eats the {food} | {thirty} minutes
  how loud they {chore.their} | the costume
food_difference:
  {sum} | {thirty} minutes {place} | a good {profession} | the smell | who eats it first
  the size of the spoon | the lighting | whether a {animal} would touch it | a {profession} with a {object}
  what your {relative} calls it | {duration} {place}
`;
