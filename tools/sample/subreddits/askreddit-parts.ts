/** The slots of r/AskReddit titles. */
export const askRedditParts = `
tail:
  {tail_past} | {tail_past} | {tail_past} | {tail_past} | {tail_past} and {tail_past}
tail_past:
  what happened next | how did it end | was it worth it | what did you learn | how did you explain it
  who found out | do you regret it | what did your family say | how did you get away with it
  would you do it again | what did it cost | why did you do it | how old were you | what gave you away
  who helped you | what went wrong | did you tell anyone | how is your life now | who was there to see it
  what was going through your head | how do you feel about it today | what would you do differently
  how long did it take | did anyone notice | are you okay now | what did the police say
tail_now:
  how does it feel | what is it like | what is your secret | why do you do it | what should we know
  how is it going | what is the hardest part | who taught you that | what does your family think
  how did it start | what is your favorite story | is it worth the money | when will you stop
  what keeps you going
when:
  last week | on a Monday | by accident | on a dare | twice | at work | in front of your boss
  during a storm | on purpose | before breakfast | in high school | while sober | in a foreign country
  last summer | at night
superlative:
  strangest | funniest | worst | best | pettiest | most awkward | cheapest | laziest | smallest | weirdest
  dumbest | kindest | creepiest | most useless | priciest | loudest | proudest | most embarrassing
  cleverest | quietest | saddest | boldest | oldest | nicest | sweetest | coolest | rudest | scariest
  dullest
better:
  better | cheaper | faster | dumber | more romantic | lazier | more dramatic | more Canadian | more useful
group_question:
  what do you wish others would stop saying | what is something only you would understand
  what do you secretly envy other people for | how do you get through a day with {hard_thing}
  what is the {superlative} thing you own | what is your {superlative} memory of {life_part}
  what do you {think_about} when you {routine} | how do you really feel about {topic}
  what would you tell {group} | why do you {habit} | what is the {superlative} joke you know about {group}
work_question:
  what do customers always get wrong about {topic} | what would you never eat {place}
  what is the {superlative} part of working with {profession.plural}
  what do you do with {food} when nobody is watching | what is the {superlative} thing you found {place}
  what is your {superlative} story about a {animal} | how did you end up {place}
  when did you want to {deed} | what is the {superlative} request you ever got {place}
  what do movies get wrong about you | what scares you about {animal.plural}
  what do you really think of {profession.plural} | what happens to the lost {object.plural}
  how much is a lie | what made you {deed} on your first day
  who was the {superlative} person you ever served
  what is the {superlative} excuse you heard from a {profession} | do you ever {habit} during a shift
  what is the secret behind {food} | what should everybody know about {topic} | have you ever had to {deed}
  what do you {think_about} on a slow day | which {object} do you trust with your life
why_left:
  why did you leave | when did you quit | what did you love | what broke you | how much did you earn
what_now:
  what do you do now | do you miss the {object.plural} | would you ever go back | who took your {object}
  what did your boss say | do you still {habit} | what do you tell {profession.plural} today
found:
  found | saw | heard | overheard | lost | smelled | bought | ate | said | left behind | ever did | ever wore
told:
  told | said to | taught | whispered to | promised | wrote to | hid from | ever charged
owned:
  owned | broke | received as a gift | stole | paid too much for | slept next to | named | argued with
saying:
  I love you | I am lost | we need to talk | I quit | sorry, I was not listening | nice to meet you
  it was not me | I told you so | where is my {object} | I ate your {food} | not today | this is fine
  hold my {object}
food_thing:
  sandwich with {food} | plate of {food} | bowl of {food} | meal | dessert with {food} | birthday cake
out_of:
  of a restaurant | of the family | of Italy | of a wedding | of the office | of a grocery store
  of a barbecue | of school
appears:
  shows up | asks for help | starts a fight | falls asleep | offers you a job | follows you home
  wants your seat
secret:
  your {adj} {object} | the night you {deed.past} | the {food} incident | your {adj} {animal}
  the hole in the wall | what you did {place} | the summer you {deed.past} | the money
think_about:
  think about | worry about | laugh about | complain about | lie about | dream about | read about
  joke about
routine:
  brush your teeth | wait for the bus | cannot sleep | wash the dishes | stand in the shower
  ride the elevator | hear your own voice | miss a call | eat alone | see a {animal} | are home alone
  clean your room | pass a {profession} | look in the mirror | find {food} in the fridge
routine_they:
  lies awake at night | sees a {animal} | waits in line | eats {food} alone | hears a noise in the dark
  gets a phone call | walks past a {object} | meets a {profession} | has to sit {place} | smells {food}
thinks:
  thinks about {topic} | wants to {deed} | pretends to be a {profession} | starts to sing
  remembers {life_part} | wonders about {animal.plural} | feels sorry for the {object}
  imagines a fight with a {animal}
noun_of_culture:
  song | movie | book | smell | word | board game | cartoon | commercial | video game | holiday | sport
  dance | photo
noun_of_culture_topic:
  song | movie | rule | joke | lie | book | word | hobby | skill | myth | question | business
feel:
  cry | laugh | hungry | feel old | dance | sleepy | angry | feel like a child | call your mother | nervous
  homesick
like_bad:
  like an insult | illegal | disgusting | like a disease | fake | expensive | dangerous | like a threat
  boring
like_good:
  quite nice | very healthy | normal in France | a kind of cheese | free | harmless | good for you
  a type of dance
life_part:
  high school | your first job | your wedding | your first kiss | moving out | your last vacation
  your childhood | learning to drive | your worst haircut | the day you {deed.past} | your first {object}
  living with a {animal} | the year you {deed.past} | your time as a {profession} | your first night {place}
small_thing:
  kitchen habit | choice of {object} | smell | way of eating {food} | text message | phone habit
  opinion on {food} | hobby | sound | type of {object} | thing people do {place} | word | choice of pet
  haircut
shows:
  shows | proves | tells you | is a sure sign | makes you think
trait:
  grew up rich | was raised by {animal.plural} | is a bad {profession} | has never {deed.done}
  owns a {adj} {object} | is secretly a {profession} | loves {food} | is a good person | has no friends
  once {deed.past.their}
judge:
  silently judge | respect | secretly hate | envy | forgive | avoid
judge_topic:
  know too much about | hate the most | never understand | want to forget | recommend to everyone | laugh at
give_up:
  give up | eat every day | trade your {object} for | hide from your {relative} | never share
reward:
  live forever | {power} | get {sum} | never pay rent again | sleep {thirty} hours a day | retire tomorrow
  meet your hero | be {thirty} years younger | own a {adj} {object} | never wait in line again
has_secret:
  is older than you | has the best story | would testify against you | scares your {relative}
  do you never use | would you save from a fire | do you talk to | would survive the end of the world
  knows too much
habit:
  talk to {animal.plural} | save every {object} | laugh at your own jokes | smell new books
  count the stairs | park badly | sing in the shower | open the fridge again and again
  hide {food} from guests | wear socks to bed | say sorry to {object.plural} | read while eating {food}
  sleep with a {object} | wave at babies | check the door twice | steal {food} from {profession.plural}
  give names to {object.plural} | walk around barefoot | dance while cooking {food} | complain about {topic}
  keep a {object} in the car | rewatch the same movie | ignore the {object} | argue about {topic}
  lie to {profession.plural}
habit_third:
  is afraid of {animal.plural} | hates {food} | cannot swim | has never {deed.done}
  is allergic to {object.plural} | secretly {deed.past.their} | talks to {animal.plural} | works {place}
normal:
  normal | legal | polite | brave | romantic | cute
abnormal:
  weird | a crime | rude | crazy | creepy | sad
stop_it:
  stop talking about {topic} | hurry up | leave | put down the {object} | stop touching your {object}
  stop lying about the {food} | stop staring | give back the {animal} | change the topic to {topic}
endure:
  live without a {object} | eat only {food} | share a bed with a {animal} | listen to the same song
  live {place} | stay in a room with {thirty} {animal.plural} | go without {food} | work as a {profession}
  pretend to like {food} | stay quiet {place} | keep a secret about {topic} | be married to a {profession}
snap:
  go crazy | give up | call your {relative} | start to cry | quit | ask for help | lose your mind
  talk to a {object}
false_belief:
  {topic} and {topic} | {animal.plural} and {food} | {adj} {object.plural} | the story of your {relative}
  the farm where your {animal} went | the rule about {food} | {profession.plural}
was_odd:
  was a bad {profession} | hated {food} | was a bully | was right about {topic} | had a twin
  was in love with the {profession} | had {deed.done.their} | was smarter than you | had a secret {animal}
  had never {deed.done.their} | was just a person
was_odd_you:
  were the bad guy | were getting old | were in love | had turned into your {relative}
  hated being a {profession} | had {deed.done} for nothing | were allergic to {food}
  had married a {profession} | were wrong about {topic}
power:
  talk to {animal.plural} | stop time | read minds | fly | become invisible | turn into a {animal}
  see the future | breathe under water | run as fast as a {animal} | speak every language | teleport
  control the weather | remember everything | smell lies | double any {food} | make any {object} come alive
  walk through walls | live without sleep | know the truth about {topic}
  be the best {profession} in the world
power_past:
  could talk | went on strike | could fly | could read | disappeared | learned to drive
  had the right to vote | wore tiny hats | were honest for a day | became {thirty} times bigger
  started to sing | were invisible
power_question:
  what would you do first | who would you tell | what would you steal | where would you go
  how would you use it | what would go wrong | would you get rich | how would your {relative} react
  would you still work | who would you fool
wake_question:
  what do you do | what is your first move | who do you call | how do you survive | where do you go
  what is your plan | who do you blame | what could go wrong | how do you explain it to your {relative}
  what do you name it
price:
  eat {food} | hug a {profession} | sneeze {thirty} times | listen to jazz | wear a {adj} {object} | {deed}
  kiss a {animal} | sing in public | tell a lie | lose a friend | carry a {adj} {object}
price_animal:
  follows you everywhere | judges you all day | sings to you every night | lives in your {object}
  eats your {food} | knows all your secrets | wears your clothes | moves in with you | takes your job
deal:
  deal or no deal | do you take it | what do you do | is it worth it | would you do it | do you say yes
past_place:
  the year 1300 | ancient Rome | a desert island | the moon | the stone age | prison
  your first day of school | the Titanic | a medieval castle | your own funeral
consequence_question:
  what happens next | who complains first | what changes | how do you react | what goes wrong
  who is happy about it | how long until it ends badly | what do you say | who profits | what is in the news
is_first:
  is the first thing it says | does it complain about | secret does it tell | do you ask it
  does it know about you
first_act:
  complain about | ask for | do first | write reviews about | do to us | laugh about | never forgive
life_detail:
  be the ending | be the boring part | be the bonus level | cost extra | be cut out | need a warning
  be your role
think_animal:
  know that we love {food} | judge us | have a favorite {profession} | get bored | laugh at {animal.plural}
  dream about {food} | know about {topic} | are happy {place} | miss us when we leave
childhood:
  believe in {adj} {animal.plural} | collect {object.plural} | eat {food} with {food}
  want to be a {profession} | hide under the bed | fear the {adj} {object} | name every {animal}
  play {profession} in the garden | think that {topic} was a person | sleep next to a {object}
  bury a {object} in the yard | talk to the moon
childhood_deed:
  say | draw | break | steal | ask a {profession} | do with a {adj} {object} | whisper to a {animal}
  put in the {object}
family_thing:
  family recipe with {food} | family secret | holiday story | memory of your {relative} | fear as an adult
  story about a {profession} | lie on a date | purchase under {sum} | dream about a {animal}
  text from your {relative}
help:
  what should I do now | how do I fix this | am I in trouble | is this normal | who do I call
  how do I tell my {relative} | has this happened to you | what would you do | should I move away
  how do I get out of this
hard_thing:
  a broken heart | losing a pet | being fired | moving away | a bad night | loneliness | growing old | stress
  an angry boss | losing a friend | being broke | a long winter
helped:
  helped | surprised | hurt | changed | taught
want:
  always crave | never share | hide | want to find | secretly eat | hope to smell | pay too much for
who_question:
  who let it happen | why did we agree | who started it | when will it end | how do we stop it
  why do I love it
`;
