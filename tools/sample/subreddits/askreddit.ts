import { parseGrammar } from '../grammar.js';
import { deeds } from '../words/deeds.js';
import { people } from '../words/people.js';
import { things } from '../words/things.js';
import { askRedditParts } from './askreddit-parts.js';

/** Questions. Frames are short and hold two or three slots: two titles seldom share most of their words. */
const titles = `
title:
  have you ever {deed.done}, and {tail}?
  people who {deed.past.their}< and {habit.their}>, {tail}?
  people who have {deed.done.their}< {when}>, {tail}?
  redditors who {deed.past.their} {when}, {tail}?
  [Serious] people who {deed.past.their}, {tail}?
  {group}, {group_question}?
  {group} who {habit.their}, {tail_now}?
  {profession.plural} of Reddit< who {habit.their}>, {work_question}?
  {profession.plural} and {profession.plural} of Reddit, {work_question}?
  {profession.plural} of Reddit, {work_question}?
  {profession.plural} who work {place}, {work_question}?
  {profession.plural} who {deed.past.their}, {tail}?
  {profession.plural} of Reddit, did you ever {deed} at work?
  former {profession.plural}, {why_left}, and {what_now}?
  what is the {superlative} thing you {found} {place}?
  what is the {superlative} thing a {profession} {told} you {place}?
  what is the {superlative} thing your {relative} {told} you about {topic}?
  what is the {superlative} {object} you ever {owned} {place}?
  what is the {superlative} thing you can do {place} with a {adj} {object}?
  what is the {superlative} reason to {deed} or to {deed}?
  what is the {superlative} excuse for {deed.ing} {place}?
  what is the {superlative} way to say "{saying}" {place}?
  what is the {superlative} advice about {topic} a {profession} ever gave you?
  what is the {superlative} {food_thing} you ever had {place}?
  what is the {superlative} thing to shout at a {profession} {place}?
  what is the {superlative} thing about being a {profession} who {habit_third}?
  what {food} opinion would get a {profession} thrown out {out_of}?
  what is your excuse for {deed.ing} {when}?
  what is your best story about a {adj} {animal} and a {profession} {place}?
  what is your plan if a {adj} {animal} {appears} {place}?
  what is the story behind your {adj} {object} and the {adj} {animal}?
  what would you do {place} with a {adj} {object} and {sum}?
  what would happen if every {animal} and every {profession} {power_past}?
  what would your {relative} say if you {deed.past} {when}?
  what would change {place} if {profession.plural} {power_past}?
  what did your {relative} never find out about {secret} and the {adj} {object}?
  what do {group} {think_about} when they {deed.their} or {habit.their}?
  what do you {think_about} {place} when you {routine}?
  what {noun_of_culture} about {topic} makes you {feel} {place}?
  what {noun_of_culture} would be better with a {adj} {animal} in it?
  what {noun_of_culture} sounds {like_bad} but is actually {like_good}?
  what was the {superlative} part of {life_part}, and {tail}?
  what was your "{saying}" moment {place}?
  what {small_thing} {shows} that somebody {trait}?
  what {small_thing} do you {judge} {profession.plural} for?
  which {animal} would be the {superlative} {profession} {place}?
  which {food} would you {give_up} to {reward}?
  which of your {object.plural} {has_secret}, and why not the {adj} {object}?
  who is the {superlative} {profession} you ever met {place}, and {tail}?
  who would win a fight between {thirty} {animal.plural} and a {adj} {animal}?
  who else {routine_they} and {thinks}?
  why do {group} always {habit}?
  why do we {habit.our} but never {habit.our}?
  why does every {profession} seem to {habit.their}?
  why is it {normal} to {deed}, but {abnormal} to {deed}?
  how do you tell your {relative} that you {deed.past}?
  how do you politely tell a {profession} {place} to {stop_it}?
  how do you stop yourself from {deed.ing} {place}?
  how did you {deed} without {deed.ing}?
  how did {life_part} change the way you {think_about} {topic}?
  how would you explain {topic} and {topic} to {being}?
  how would you explain to {being} that you {deed.past} {when}?
  how would you survive {duration} {place} with only {food}?
  how would you hide a {adj} {animal} {place} for {duration}?
  how long could you {endure} before you {snap}?
  how much money would it take for you to {deed} with your {relative}?
  how old were you when you learned the truth about {false_belief} {place}?
  when did you realize that your {relative} {was_odd} and {was_odd}?
  when did you realize that you {was_odd_you}?
  when was the last time you {deed.past} or {deed.past}?
  where were you when your {relative} {deed.past.their}, and {tail}?
  would you {deed} for {sum} and a {adj} {object}?
  would you {deed} if it meant you could {reward}?
  would you rather {deed} or {deed}?
  would you rather {power} or {power}?
  would you rather own a {adj} {object} or {food} for {duration}?
  would you rather fight a {adj} {animal} {place} or {deed}?
  would you rather be a {profession} {place} or a {profession} {place}?
  would you live {place} with a {animal} for {duration} in exchange for {sum}?
  would you still love your {relative} if you had to {deed} together?
  you wake up as a {adj} {animal} {place}. {wake_question}?
  you wake up {place} with a {adj} {object} and {food}. {wake_question}?
  you have {duration} to {deed}. {wake_question}?
  you can {power}, but every time you have to {price}. {deal}?
  you get {sum}, but a {animal} {price_animal}. {deal}?
  you get {sum}, but for {duration} you have to {price}. {deal}?
  you can bring one {adj} {object} and one {animal} to {past_place}. {wake_question}?
  your {relative} becomes a {profession} {place}. {consequence_question}?
  your {adj} {object} starts to talk {place}. what {is_first}?
  a {adj} {animal} is elected president of the {profession.plural}. {consequence_question}?
  a {profession} hands you a {adj} {object}. {wake_question}?
  aliens arrive {place} and ask for {food}. {consequence_question}?
  if you could {power} for {duration}, {power_question}?
  if you could {power} {place}, would you still {habit}?
  if you had to {deed} and {deed} once a year, {power_question}?
  if your {relative} were a {food}, {power_question}?
  if {animal.plural} could {power}, what would they {first_act}?
  if every {profession} had to {price.their} {place}, {consequence_question}?
  if your life as a {profession} were a {noun_of_culture}, what would {life_detail}?
  is it weird to {routine} and {habit}?
  is there a {better} way to {deed} than to {deed}?
  do you {habit} {place}, and {tail_now}?
  do you think {animal.plural} and {animal.plural} {think_animal}?
  did anyone else {childhood} as a kid< and {childhood}>, or just me?
  people who own a {adj} {object} and a {animal}, {tail_now}?
  parents who {deed.past.their}, what did your child {childhood_deed} {place}?
  Reddit, what is your {superlative} {family_thing} and {family_thing}?
  Reddit, I {deed.past.my} {when}. {help}?
  my {relative} {deed.past.their} {when}. {help}?
  I have to {deed.my} for my {relative}. {help}?
  I am a {profession} who {habit_third}. {help}?
  [Serious] {profession.plural} who {deed.past.their}, how do you deal with {hard_thing}?
  [Serious] how do you explain {hard_thing} to a {profession} {place}?
  [Serious] what did a {profession} say that {helped} you after {hard_thing}?
  whose idea was it to {habit}, and {who_question}?
  at what age did you stop {childhood.ing}, and {tail}?
  besides {food}, what do you {want} {place}?
  other than {topic} and {topic}, what {noun_of_culture_topic} do {group} {judge_topic}?
`;

/** Rules of r/AskReddit titles. */
export const askReddit = parseGrammar(things, people, deeds, askRedditParts, titles);
