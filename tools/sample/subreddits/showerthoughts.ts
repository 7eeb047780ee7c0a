import { parseGrammar } from '../grammar.js';
import { deeds } from '../words/deeds.js';
import { people } from '../words/people.js';
import { things } from '../words/things.js';
import { showerthoughtsMusings } from './showerthoughts-musings.js';
import { showerthoughtsThings } from './showerthoughts-things.js';

/** Musings, as statements. */
const titles = `
title:
  {a_thing} is just {a_thing} {relative_clause}<.>
  {a_thing} is just {a_thing} {relative_clause} and {a_thing} is the proof<.>
  {a_thing} is basically {a_thing} for {those}<.>
  eating {food} {place} is just like eating {food} {food_clause}<.>
  we treat {topic} like the {object} of {abstract}, but {clause_it}<.>
  {topic} and {topic} have one thing in common: {clause_it}<.>
  {abstract} is just {abstract} {abstract_clause}<.>
  {abstract} is {deed.ing} and {abstract_action}<.>
  {being_adult} is mostly {deed.ing} and {chore.ing}<.>
  {being_adult} means {chore.ing} {so_that}<.>
  {being_adult} is when you {chore} {place} and {enjoy}<.>
  growing up is realizing that {realization} and that {realization}<.>
  getting older is just {chore.ing} while {chore.ing}<.>
  nobody has ever {deed.done.their} and {thought_done}<.>
  nobody ever talks about how {animal.plural} never {animal_never}<.>
  no {profession} has ever {deed.done.their} and {thought_done}<.>
  every {profession} was once a child who {child_past}<.>
  every {adj} {object} you own {object_fate}<.>
  every {animal} you have ever seen {animal_fate}<.>
  every time you {chore}, {somebody} {somewhere_does}<.>
  somewhere out there, a {animal} {animal_fate}<.>
  somewhere out there, a {profession} has {deed.done.their} {unaware}<.>
  somewhere there is a {adj} {object} that {object_past}<.>
  someone once {deed.past.their} {first_ever}<.>
  the first person to {invent_deed} must have {must_have}<.>
  the first {profession} probably learned from a {animal} that {clause_it}<.>
  the person who invented the {object} {inventor}<.>
  the person who invented the {object} never {deed.past.their}<.>
  the inventor of the {object} probably owned {a_thing} {relative_clause}<.>
  the opposite of {a_thing} is probably {a_thing} {relative_clause}<.>
  the {superlative} part of {routine_ing} is {chore.ing}<.>
  the {superlative} thing about {animal.plural} is that they never {animal_never}<.>
  the older you get, the more {object.plural} {older} and the more you {chore}<.>
  the only difference between a {profession} and a {profession} is {difference}<.>
  the only difference between {food} and {food} is {food_difference}<.>
  if {animal.plural} could {power}, {would_consequence}<.>
  if {animal.plural} had {jobs}, {would_consequence}<.>
  if {object.plural} could {power}, {would_consequence}<.>
  if aliens {watch} us {chore.our}, they {alien_think}<.>
  if aliens landed {place}, they {alien_think}<.>
  if you {deed} alone, {alone_question}<.>
  if you {deed} and nobody {sees}, {alone_question}<.>
  if you think about it, {a_thing} is {a_thing} {relative_clause}<.>
  if {topic} {were_person}, {would_consequence}<.>
  if ghosts are real, {ghost} and {ghost}<.>
  if time travel existed, {time_travel} and {time_travel}<.>
  in a zombie movie, the {profession} {zombie}<.>
  in {thirty} years, {future_people} will {future}<.>
  a hundred years ago, {past_people} {past_thing}, and now we {chore.our}<.>
  we {verb_we} {object.plural} but we {verb_we} {object.plural}<.>
  we {verb_we} {animal.plural} for {animal_reason}, but {animal.plural} {animal_do}<.>
  we never think about {whose} {object} {place}, but {it_remembers}<.>
  we teach children to {chore}, but as adults we {adult_do}<.>
  we will never know how many {animal.plural} {animal_secret}<.>
  you never realize how {adjective} {a_thing} is until you {deed}<.>
  you never realize how {adjective} your {body} is until you {chore} {place}<.>
  you have probably {walked_past} a {profession} who {deed.past.their}<.>
  you have never seen {your_own}, {only_seen}<.>
  you can {chore} {thirty} times, but {deed} once and {remembered}<.>
  you could {deed} tomorrow and {nobody_stops}<.>
  you don't {really_own} {a_thing}, you just {look_after} it until {until}<.>
  you will never {remember_last} time you {last_time}<.>
  at some point, your {relative} {last_time.their} for the last time<.>
  at some point, somebody had to explain {topic} and {topic} to {being}<.>
  your {relative} has probably {deed.done.their} {unaware_you}<.>
  your {body} has {body_done} more often than you have {deed.done}<.>
  your {object} {knows} more about you than your {relative}<.>
  your {pet} thinks that {pet_thinks}<.>
  to {a_being}, {a_thing} must look like {a_thing} {relative_clause}<.>
  to a {animal}, every {profession} is just {animal_view}<.>
  {animal.plural} probably think that {animal.plural} {animal_do} and {animal_do}<.>
  {animal.plural} never {animal_never}, and yet they {animal_do}<.>
  {animal.plural} and {profession.plural} both {both_do}<.>
  {animal.plural} are just {animal.plural} {animal_clause}<.>
  {animal.plural} are the {profession.plural} of the {world}<.>
  {profession.plural} are just {profession.plural} {profession_clause}<.>
  {profession.plural} must feel {feel} when they {deed}<.>
  {profession.plural} get paid for {chore.ing.their}, {profession.plural} for {chore.ing.their}<.>
  {object.plural} have {seen_more} than any {profession}<.>
  {object.plural} would be {adjective} if {object_if}<.>
  it is {strange} that we {chore.our} {place} but not {place}<.>
  it is {strange} that {a_thing} costs more than {a_thing}<.>
  it is {strange} that {deed.ing} is {socially}, but {deed.ing} is not<.>
  there is a {profession} somewhere who {record}<.>
  there are more {animal.plural} {place_in} than {profession.plural} {place}<.>
  there must be a {animal} that is {afraid} of {animal.plural}<.>
  maybe {animal.plural} {animal_maybe} because {clause_it}<.>
  maybe {a_thing} is just nature's way of {chore.ing} {so_that}<.>
  what if {abstract} is just {a_thing} {relative_clause}?
  what if {animal.plural} {animal_maybe} and it is all because of {topic}?
  movies never show {heroes} {chore.ing.their}, yet they always {hero_do}<.>
  history books never mention who {had_to} {chore.their} for {historical} before {topic}<.>
  half of being a {profession} is {chore.ing}, the other half is {deed.ing}<.>
  most {object.plural} spend their lives {waiting}<.>
  most of {topic} is just {chore.ing} with {confidence}<.>
  calling {a_thing} "{adjective}" is the nicest way to say that it {says_it}<.>
  a {profession} who {deed.past.their} still has to {chore}<.>
  a {adj} {object} is only {adjective} until somebody {somebody_does}<.>
  technically, {a_thing} is {a_thing} {relative_clause}<.>
  technically, you are always {deed.ing} or not {deed.ing}<.>
`;

/** Rules of r/Showerthoughts titles. */
export const showerthoughts = parseGrammar(
  things,
  people,
  deeds,
  showerthoughtsThings,
  showerthoughtsMusings,
  titles,
);
