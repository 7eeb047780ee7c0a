import { parseGrammar } from '../grammar.js';
import { deeds } from '../words/deeds.js';
import { people } from '../words/people.js';
import { things } from '../words/things.js';

/** Facts that are none: towns, laws and events are made up. */
const titles = `
title:
  {til} in {year}, a {profession} from {town} {deed.past.their} and {aftermath}
  {til} in {year}, {thirty} {profession.plural} {deed.past.their} {together} and {aftermath}
  {til} in {year}, the town of {town} banned {banned} because {town_reason}
  {til} the town of {town} {elected} a {animal} as its {office} in {year}
  {til} the town of {town} has more {object.plural} than {animal.plural} because {town_reason}
  {til} in {town} it is {illegal} to {deed} {law_when}
  {til} there is a museum in {town} for {museum} that {museum_fact}
  {til} there is an island near {town} where {animal.plural} {animal_fact}
  {til} there is a word in {language} for {word_for}
  {til} {animal.plural} {animal_fact} {fact_when}
  {til} {animal.plural} {animal_fact}, while {animal.plural} {animal_fact}
  {til} a {animal} can {animal_can} for up to {thirty} {units}
  {til} sailors call a group of {animal.plural} a {object}, because {animal.plural} {animal_fact}
  {til} a {animal} named {name} once {animal_deed} and {aftermath}
  {til} a {animal} named {name} worked as a {profession} in {town} until {year}
  {til} about {name}, a {profession} who {deed.past.their} and {aftermath}
  {til} about the {adj} {object} of {town}, which {object_fact}
  {til} about the "{adj} {animal}" of {town}, a {profession} who {deed.past.their}
  {til} the {object} was invented by a {profession} who wanted to {deed}
  {til} the {object} was invented {thirty} years before the {object} because {town_reason}
  {til} the first {object} was made of {material} and cost {sum}
  {til} the first {object} ever sold {object_fact}
  {til} the world record for {deed.ing} is held by a {profession} from {town}
  {til} the world record for {animal.plural} in one {object} is {thirty}, set by {name} in {year}
  {til} the inventor of {food} {deed.past.their} and {aftermath}
  {til} the longest {event} in history lasted {thirty} {units} because {town_reason}
  {til} the last {profession} of {town} {deed.past.their} every {weekday} until {year}
  {til} the {profession.plural} of {town} sold {food} as {medicine} until {year}
  {til} a plate of {food} was once so expensive that {profession.plural} in {town} were paid with it
  {til} {profession.plural} in {town} had to {deed} before they could {work}
  {til} {profession.plural} in {year} were paid in {food} and {aftermath_plural}
  {til} {name} wrote an entire {book} about {topic} while {deed.ing.their}
  {til} {name}, the {profession} who invented the {object}, {deed.past.their}
  {til} {name} bought a {adj} {object} for {sum} and {aftermath}
  {til} {thirty} percent of all {object.plural} {object_stat}
  {til} {thirty} percent of {profession.plural} have {deed.done.their} at least once
  {til} before the {object} was invented, people used {animal.plural} to {chore}
  {til} before {year}, every {profession} had to own a {adj} {object}
  {til} a {profession} in {town} left {sum} to a {animal} who {animal_fact_one}
  {til} a court in {town} decided in {year} that a {object} is legally a {object}
  {til} during a strike in {year}, {animal.plural} {replaced} the {profession.plural} of {town}
  {til} scientists gave {food} to {animal.plural} and learned that they {animal_fact}
  {til} scientists in {town} taught a {animal} to {animal_skill} in {thirty} {units}
  {til} the sound of a {object} in the movie "{movie.title}" is really a {animal} {animal_sound}
  {til} the movie "{movie.title}" was written by a {profession} who {deed.past.their}
  {til} an actor in "{movie.title}" had to {deed} {thirty} times before {aftermath_scene}
til:
  TIL that | TIL that | TIL that | TIL | TIL
year:
  1702 | 1788 | 1811 | 1834 | 1847 | 1862 | 1879 | 1893 | 1904 | 1911 | 1923 | 1931 | 1948 | 1955 | 1967
  1974 | 1986 | 1992
town:
  Port Amber | Lower Wick | Elmstead | New Harrow | Saltby | Grunnwald | Pine Hollow | Vesterby
  Little Marrow | Oxley | Castelmora | Dunsmoor | Fort Willow | Bad Krumbach | Saint Odo | Mirefield
  Kettlebrook | Rook Island | Tarn | Holm
name:
  Agnes Bellweather | Otto Pfennig | Barnaby Crumb | Ida Flintlock | Hugo Marsh | Pearl Tanner
  Captain Biscuit | Old Gus | Lady Marmalade Finch | Ruben Oakes | Doctor Plum | Wilma Stork | Mister Button
  Clara Voss | Big Walter
aftermath:
  got a {object} for it | became a {profession} | vanished forever | got a statue {place} | won {sum}
  took {food} as payment | married a {profession} | went to prison for {thirty} days | blamed a {animal}
  became mayor | started a tradition that lasts until today | got their face on a coin
  wrote a bestseller about {topic} | survived
aftermath_plural:
  liked it | went on strike | grew rich | never complained | started a choir
  opened a school for {animal.plural}
aftermath_scene:
  the director was happy | the {animal} stopped laughing | the {object} finally broke | the {food} ran out
together:
  at the same time | in one night | on live radio | to win {sum} | by mistake | for a {animal}
  on a single {object}
banned:
  {object.plural} | {food} | {animal.plural} | whistling | {profession.plural} | {topic}
  {adj} {object.plural} | yawning
town_reason:
  the mayor hated {topic} | a {animal} had eaten the {object} | a {profession} could not sleep
  nobody could spell it | the queen was afraid of {animal.plural} | the {profession.plural} were on strike
  a {object} fell on the church | it scared the {animal.plural} | of a bet about {food}
  somebody {deed.past.their} | of a printing error
elected:
  elected | hired | crowned | nominated | buried
office:
  mayor | {profession} | sheriff | honorary {profession} | king | judge | chief {profession}
illegal:
  illegal | legal | a tradition | good luck | bad luck | required by law
law_when:
  on a {weekday} | without a {object} | near a {profession} | after {thirty} o'clock | in front of a {animal}
  while eating {food} | on your birthday | in winter
weekday:
  Monday | Tuesday | Wednesday | Thursday | Friday | Sunday
museum:
  {adj} {object.plural} | {object.plural} | {food} | {profession.plural} | famous {animal.plural}
  broken promises
museum_fact:
  has {thirty} visitors a year | is run by a {animal} | only opens on a {weekday}
  was founded by a {profession} | is shaped like a {object} | smells like {food} | was built by mistake
  has never been robbed
animal_fact:
  can recognize {profession.plural} | sleep next to {object.plural} | have a favorite {object}
  can taste {topic} | hate jazz | steal {food} for their friends | cannot see {object.plural}
  are afraid of {food} | have three hearts and no {object} | laugh when they are lost
  mourn their {object.plural} | dream about {food} | have accents | hold grudges for {thirty} years
  give each other {food} as a gift | can count to {thirty} | pretend to be {animal.plural}
  vote on where to sleep
animal_fact_one:
  could open doors | {deed.past.their} | never left the house | was afraid of {food}
  outlived {thirty} {profession.plural}
fact_when:
  when they are in love | during full moon | in the winter | until they are {thirty} days old
  if a {profession} is near | when it rains | to impress {animal.plural} | when nobody is looking
  after eating {food}
animal_can:
  hold its breath | stand on one leg | remember a {profession} | live in a {object} | stay awake
  stare at a {object} | go without {food} | ignore a {animal}
units:
  minutes | hours | days | weeks | months | years
language:
  Old Norse | Finnish | Latin | Welsh | Icelandic | a lost language | Portuguese | the language of sailors
word_for:
  {deed.ing} | the smell of {food} {place} | a {profession} who is always late
  the fear of {adj} {object.plural} | a {animal} that looks like your {relative} | the joy of {deed.ing}
  the silence after a joke about {topic}
animal_deed:
  was arrested for stealing {food} | flew across the ocean in a {object}
  won a race against {thirty} {animal.plural} | served in the navy | stopped a train | testified in court
  was a guest {place} | saved a {profession} from a {animal}
object_fact:
  is older than {topic} | was stolen {thirty} times | weighed as much as a {animal}
  was guarded by {animal.plural} | needed {thirty} {profession.plural} to carry | was made for a {animal}
  still smells like {food} | was sold for {sum} | was returned after {thirty} years | ended up {place}
object_stat:
  are never used | end up {place} | are bought on a {weekday} | are owned by {profession.plural}
  come from {town} | are given to people who hate them | are hidden from a {profession}
  are broken by {animal.plural}
material:
  {food} | wood and wax | glass | old ships | paper | {animal} hair | leather | stone
event:
  wedding | chess game | traffic jam | concert | {food} contest | parade | strike | card game | {animal} race
  nap
medicine:
  medicine | soap | glue | a cure for {topic} | a toy | fuel for {object.plural} | a beauty product
  wallpaper
work:
  marry | work | vote | buy a {object} | sleep at home | wear the hat | speak in public
book:
  novel | cookbook | opera | dictionary | poem | diary | musical
chore:
  wake up | tell the time | send letters | predict the weather | cool the {food} | guard the {object.plural}
  make {food}
replaced:
  replaced | protected | fed | attacked | outnumbered
animal_skill:
  play the {object} | sort {food} | paint a {object} | count {object.plural} | open a {object} | find {food}
  ring a bell
movie:
  The Last {object} | Night of the {animal.plural} | My {adj} {relative} | A {profession} in {town}
  {thirty} Hours | The {adj} {profession} | Return to {town}
animal_sound:
  snoring | eating {food} | in a {object} | sneezing | falling in love | played backwards | walking on {food}
`;

/** Rules of r/todayilearned titles. */
export const todayILearned = parseGrammar(things, people, deeds, titles);
