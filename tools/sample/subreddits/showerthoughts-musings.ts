/** Slots of r/Showerthoughts titles: what would be, what we do, what we never notice. */
export const showerthoughtsMusings = `
power:
  talk | read | vote | drive | text | dance | laugh | remember | dream | complain | whistle | write reviews
  fly | use a {object} | see {topic} | tell time | own a {object} | lie | cook {food} | play chess
would_consequence:
  they would still complain about {topic} | they would never forgive {profession.plural}
  we would owe them {sum} | {profession.plural} would be out of work | nobody would eat {food} again
  every {object} would need a lawyer | the first word would be about {food} | they would ask about {topic}
  we would have to hide the {object.plural} | {topic} would be twice as loud
  there would be a {profession} for that | your {relative} would argue with them
  half of them would become {profession.plural} | they would judge your {object} | no {object} would be safe
jobs:
  jobs | weekends | money | birthdays | names for us | a god | opinions on {food} | thumbs | a king
  a calendar
watch:
  watched | saw | filmed | studied | copied
alien_think:
  would think that {object.plural} rule the planet | would take a {object} home | would be scared of {food}
  would leave a bad review | would assume that {animal.plural} are in charge
  would write a paper about {topic} | would feel sorry for the {animal.plural} | would ask for a {profession}
  would call it a religion
alone_question:
  the {object} is the only witness | it becomes a secret between you and a {animal}
  only the {animal} will judge you | you are the {profession} of your own life | it still counts
  it is practice | it is basically {topic} | you can tell the story however you want
  it never made you a {profession} | your {relative} still knows somehow
sees:
  sees it | laughs | films it | cares | asks why | claps | is {place}
were_person:
  were a person | had a smell | were illegal | came with a manual | had a voice | were taught in school
  were a kind of {food} | cost {sum} | had a customer service | were run by {profession.plural}
ghost:
  they have seen you {deed} | most of them must be {profession.plural} | they must be bored of {topic}
  your {relative} has met one {place} | somewhere one is stuck {place}
  there must be ghosts of {animal.plural} | they never haunt a {adj} {object}
  one of them is still looking for a {object} | they must hate {object.plural}
time_travel:
  every {profession} would be late anyway | {object.plural} would be cheaper in the past
  {place} would be full of tourists | somebody would have stopped you from {deed.ing}
  your {relative} would use it to buy {food} | we would only use it to {chore}
  {profession.plural} would ruin {topic} | somebody would warn us about {food}
zombie:
  always dies first | would be the real hero | never gets to {chore.their} | is the only one with a {object}
  would survive by {chore.ing.their} | would just {chore.their} | would be saved by a {animal}
  never runs out of {food}
future_people:
  museums | your grandchildren | {profession.plural} | robots | history teachers | old people | tour guides
future:
  laugh at our {object.plural} | show a {object} behind glass | explain {topic} with a {object} | miss {food}
  complain about {topic} like we do | wonder why we had {object.plural} | study how we {chore}
  sell {food} as medicine
past_people:
  everybody | every {profession} | only the rich | kings | most {profession.plural} | every child
past_thing:
  owned a {animal} and only the rich owned a {object} | had never seen a {object}
  worried about {topic} as well | would have paid {sum} for a {object} | laughed about {topic}
  knew how to fix a {object} | thought that {food} was for {animal.plural}
  {deed.past.their} and nobody filmed it
verb_we:
  love | park | insult | polish | trust | insure | carry | hide | name | lock up | kick | collect | trade
  thank | forget
whose:
  the neighbor's | a stranger's | our first | our oldest | the dentist's | grandma's | the teacher's
it_remembers:
  it was there when we {deed.past.our} | it has seen {topic} from the other side
  it has outlived {thirty} {animal.plural} | it misses a {profession} | it holds the house together
  it may still be {place}
adult_do:
  pay {profession.plural} for it | do it only {place} | need {food} to get through it | lie about it
  forget about it | complain about {topic} | call it stress | {deed.our}
adjective:
  loud | important | fragile | heavy | expensive | beautiful | useless | honest | lonely | brave
  comfortable | complicated | suspicious | interesting | romantic | polite | terrifying | quiet | unfair
  perfect
body:
  left elbow | tongue | nose | big toe | brain | shadow | stomach | back | thumb | knee | voice | spine
walked_past:
  walked past | stood behind | shaken hands with | waited in line with | smiled at | shared an elevator with
your_own:
  your own face | your own brain | the back of your own head | yourself asleep
  your own {relative} as a child
only_seen:
  only photos and mirrors | only what a {object} shows you | only what your {relative} told you about it
  only a reflection in a {object} | only the version with {food} on it
remembered:
  you are remembered for it | it is all anyone talks about | you become a story
  your {relative} tells everyone | that is your nickname forever | you need a new city
  the {animal} never forgets
nobody_stops:
  nobody would stop you | the only thing in the way is {topic} | you still would not be a {profession}
  the {animal} would not care | by Friday it would be normal | your {relative} would hear about it by noon
  it would cost less than a {object}
really_own:
  really own | actually buy | ever choose
look_after:
  look after | borrow | dust | carry | feed
until:
  your {relative} wants it | a {animal} breaks it | a {profession} takes it | it ends up in a museum
  you {deed}
remember_last:
  remember the last | notice the last | celebrate the last | know which was the last
last_time:
  played in the garden | climbed a tree | held hands with your {relative} | slept {place}
  laughed about {topic} | rode your first bicycle | were carried to bed | ate {food} with your {relative}
  hid in a {object} | heard a {animal} at night
body_done:
  saved your life | apologized for you | touched a {object} | been {place} | carried {food}
  been wrong about {topic}
knows:
  knows | remembers | has heard | could tell | hides
pet:
  cat | dog | hamster | parrot | goldfish | turtle | horse | chicken
pet_thinks:
  you are the best {animal} in the world | you go out every day to catch {food} | the {object} is your mother
  you leave home to fight a {profession} | you invented {topic} | the {object} is a very quiet {animal}
  you are bad at {topic} | all {profession.plural} are the enemy | every {object} is a present
a_being:
  a {animal} | {being} | a baby | a {profession} | your {pet} | a newborn {animal} | a cloud | an ant
both_do:
  work best at night | get ignored {place} | know too much about {topic} | love {food} | judge your {object}
  look better with a {object} | survive on {food} | wait for {topic} to end | get paid in {food}
  hate {object.plural} | sleep {place} | have strong opinions on {food}
world:
  sea | sky | forest | garden | night | office | farm | city | insect world | desert | animal kingdom
  supermarket
profession_clause:
  with a bigger {object} | for the dead | for {animal.plural} | who work {place} | with better hats
  who hate {topic} | who gave up on {topic} | who carry a {object} | who are afraid of {animal.plural}
  on wheels | with more {food}
feel:
  powerful | very old | like a {animal} | invisible | guilty | seen | like a king | ridiculous | at home
  proud
seen_more:
  seen more secrets | heard more lies | survived more parties | caused more tears | visited more countries
  saved more lives
object_if:
  they could feel | they cost {sum} | {animal.plural} used them too | they were made of {food}
  {profession.plural} had invented them | your {relative} had designed them | they told the truth
  nobody had a {object} | you had to feed them
strange:
  strange | funny | sad | kind of beautiful | unfair | odd | suspicious | a miracle
socially:
  fine | normal | free | legal | cute | a hobby | an achievement | a sport | romantic
record:
  is the worst {profession} alive | has never met a {profession} | is exactly as tired as you
  has touched every {object} in town | once {deed.past.their} | is the world champion in {chore.ing.their}
  has your old {object} | is happy about {topic}
place_in:
  in the ocean | in your town | under the ground | on the internet | in the movies | in old paintings
  in heaven
afraid:
  afraid | tired | jealous | proud | in love with the idea | ashamed
heroes:
  heroes | villains | detectives | kings | vampires | spies | pirates | superheroes | cowboys
hero_do:
  have a clean {object} | look rested | find parking | own a {adj} {object} | have time for {topic}
  know a {profession} | smell fine | carry the right {object} | have fresh {food}
  win against {thirty} {profession.plural}
had_to:
  had to | wanted to | forgot to | was paid to
historical:
  Napoleon | the pharaohs | Cleopatra | Shakespeare | the Vikings | the knights | Julius Caesar
  the first {profession}
waiting:
  waiting for a {profession} | in the dark | being ignored {place} | next to a {object} | dreaming of {topic}
  being moved from one {object} to another | hoping for a {animal} | collecting dust {place}
confidence:
  confidence | a {adj} {object} | better lighting | a {animal} watching | a straight face
  {food} in your hand
says_it:
  smells like {food} | is older than a {animal} | costs {sum} | scares the {animal.plural}
  was made by a {profession} | belongs {place} | will never sell
somebody_does:
  sits on it | sells it {place} | calls a {profession} | gives it to a {animal} | fills it with {food}
  {deed.third.their}
`;
