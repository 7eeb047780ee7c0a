import { parseGrammar } from '../grammar.js';
import { deeds } from '../words/deeds.js';
import { people } from '../words/people.js';
import { things } from '../words/things.js';

/** Advice, some of it sound. */
const titles = `
title:
  LPT: if you have to {deed}, {advice} first<. {benefit}>
  LPT: if your {relative} {annoys}, {advice} and {advice}
  LPT: if you {situation}, {advice}. {benefit}
  LPT: if you {situation} {place}, {advice} instead of {deed.ing}
  LPT: if you {situation}, never {deed}. {benefit}
  LPT: if you cannot afford a {object}, {advice}. {benefit}
  LPT: if a {profession} {profession_does}, {advice}
  LPT: before you {task}, {advice} so that {so_that}
  LPT: before you {task}, ask a {profession} about {topic}. {benefit}
  LPT: after you {task}, {advice} while you {small_wait}
  LPT: when you {task}, {advice}. {benefit}
  LPT: when you {task}, always carry a {object}. {benefit}
  LPT: when a {profession} {profession_does}, {advice}. {benefit}
  LPT: when you pack a {object} for a trip, put {food} in it. {benefit}
  LPT: never {task} on a {weekday}; {advice} instead
  LPT: never {task} when you are {state}. {benefit}
  LPT: never lend a {object} to a {profession}. {benefit}
  LPT: never argue about {topic} {place}; {advice}
  LPT: always {advice} before you {task}
  LPT: always keep a {object} {keep_place}. {benefit}
  LPT: always take a photo of your {object} before you {task}
  LPT: always tip your {profession} on a {weekday}. {benefit}
  LPT: keep a {object} {keep_place} so that {so_that}
  LPT: keep {food} {keep_place} for the day you {situation}
  LPT: put a {object} next to your {object} when you {situation}. {benefit}
  LPT: put {food} in the {object} {time} before you {task}
  LPT: use a {object} to {task} when you {situation}
  LPT: use an old {object} as a {object}. {benefit}
  LPT: a {object} filled with {food} {replaces} any {object} {place}
  LPT: a {profession} will {favor} if you {advice}
  LPT: learn to {task} before you are {thirty}. {benefit}
  LPT: learn the name of every {profession} you meet {place}. {benefit}
  LPT: write down {write_down} every {weekday}. {benefit}
  LPT: set an alarm for {alarm}. {benefit}
  LPT: teach your {pupil} to {task} before they {situation}
  LPT: teach your {pupil} that {lesson}
  LPT: to remember {remember}, {advice} every time you {task}
  LPT: to get rid of {animal.plural}, {advice}
  LPT: to make {food} taste better, {kitchen} and {kitchen}
  LPT: want to {goal}? {advice} for {duration}
  LPT: want to {goal}? Stop {task.ing} and {advice}
  LPT: do not {deed} when you are {state}; {advice} instead
  LPT: do not throw away your old {object}; it {replaces} a {object} when you {situation}
  LPT: buy a {object} before you buy a {object}. {benefit}
  LPT: buy {food} on a {weekday} and {kitchen}. {benefit}
  LPT: label every {object} with the name of a {animal}. {benefit}
  LPT: {advice} for {duration} and {so_that}
  LPT request: how do I {goal} when I {situation.my}?
  LPT request: what is the best way to {task.my} without {deed.ing.my}?
money:
  $5 | $20 | $100 | $500 | hundreds of dollars | a lot of money
situation:
  feel {state} | lose your {object} | have a guest who loves {topic} | are late for work | cannot sleep
  forget a name | get a new {object} | live with a {profession} | live near {animal.plural}
  have to talk about {topic} | move to a new city | work {place} | hate {food} | need a favor
  run out of {food} | are invited to a party | get stuck {place} | have a date with a {profession}
  hear a strange noise | miss your bus | own too many {object.plural}
annoys:
  talks about {topic} too much | never returns your {object} | is always late | cooks {food} again
  is {state} | wants to {deed} | borrows your {object} | sends too many photos of {animal.plural}
  buys you a {adj} {object}
advice:
  write it on a {object} | ask a {profession} | count to {thirty} | take a photo of the {object}
  put it in the {object} | wait for {thirty} minutes | bring {food} | drink a glass of water
  smile at the {profession} | say it out loud | read the manual | sleep on it | practice with a {object}
  hide the {object} | call your {relative} | clean the {object} | offer {food} | talk to a {animal}
  make a list of {object.plural} | turn off your phone | sit next to the {profession}
  pretend that you are a {profession} | pay with cash | check the {object} twice | take the stairs
  open a window | wear comfortable shoes | set a timer | ask about {topic} | leave {thirty} minutes early
  start with {food}
benefit:
  your {relative} will thank you | it saves {thirty} minutes a day | it costs less than {food}
  nobody will notice | you will sleep better | {profession.plural} do it too | it works every time
  it keeps {animal.plural} away | you will never lose your {object} again | it saves you {money} a year
  people will think you are a {profession} | you will be less {state} | it makes {topic} easier
  a {profession} taught me this {place} | your future self needs it | it is easier than {deed.ing}
  you only need a {object}
so_that:
  you never have to {task} again | nobody asks about {topic} | the {object} stays clean
  your {relative} is happy | you have time for {food} | you can find the {object} in the dark
  the {animal} cannot reach it | you feel less {state} | you do not {deed} | it looks like you planned it
  you always have a {object} at hand | {profession.plural} respect you
profession_does:
  offers you a discount | asks for your {object} | calls you at night | says "{topic}"
  gives you advice about {topic} | is rude to you | does not listen | wants to sell you a {object}
  looks {state}
task:
  clean a {object} | buy a {object} | repair a {object} | cook {food} | sign a contract | move a {object}
  go on a date | travel with a {object} | meet a {profession} | give a speech about {topic}
  borrow a {object} | pack your {object} | argue with a {profession} | return a {object} | sell your {object}
  start a new job | go to the dentist | wash your car | adopt a {animal} | paint a {object}
  host a dinner with {food} | visit your {relative} | talk about {topic} | go shopping
state:
  tired | angry | hungry | nervous | bored | in love | sick | lonely | stressed | in a hurry | sad | cold
small_wait:
  wait | still have the {object} in your hand | listen to music | are warm | remember how | eat {food}
weekday:
  Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
keep_place:
  in your car | under your bed | at your desk | in the freezer | next to the {object} | in your bag
  at your {relative}'s house | behind the {object} | in a {object} | near the front door | in your coat
time:
  an hour | {thirty} minutes | the night | two days | just
replaces:
  can replace | works like | is better than | lasts longer than | costs less than
favor:
  forgive you | help you for free | remember you | lend you a {object} | tell you the truth about {topic}
  give you extra {food} | let you go first
write_down:
  what you ate | one thing about {topic} | where your {object} is | the best joke of your {relative}
  your dreams | every lie of a {profession} | three things that made you less {state}
  what you paid for {food}
alarm:
  {thirty} minutes before you {task} | the moment you want to {deed} | every time you feel {state}
  the birthday of your {relative} | watering the {object} | the day before you {task}
pupil:
  kids | children | toddlers | students | grandparents | {relative}
lesson:
  a {profession} is always a friend | {food} is not a present for {animal.plural} | a {object} is not a toy
  {topic} can wait | it is okay to be {state} | nobody has to {deed} | a {animal} is not a {object}
remember:
  a name | where you left your {object} | a password | an anniversary | the rules of {topic}
  a shopping list with {food}
kitchen:
  add a little {food} | freeze it overnight | keep the water | cut it in half
  let it rest for {thirty} minutes | stir it twice | cover it with {food} | heat it slowly
  put it in a {object} | share it with your {relative} | use a bigger spoon
goal:
  fall asleep faster | save {money} | read more | be less {state} | make friends {place}
  learn about {topic} | wake up early | impress a {profession} | keep {animal.plural} out of the house
  stop {task.ing} | eat less {food} | find a better job
`;

/** Rules of r/LifeProTips titles. */
export const lifeProTips = parseGrammar(things, people, deeds, titles);
