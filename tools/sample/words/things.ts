/** Things, food, animals, places and numbers. */
export const things = `
object:
  toaster | umbrella | ladder | doorbell | lamp | bathtub | couch | mirror | backpack | bicycle | trumpet
  piano | typewriter | microwave | blender | mattress | pillow | blanket | mug | spoon | teapot | candle
  clock | calendar | wallet | sock | scarf | hat | raincoat | shoe | belt | tuxedo | canoe | kite | balloon
  trampoline | telescope | camera | phone charger | remote control | keyboard | printer | stapler | pencil
  notebook | suitcase | map | shopping cart | vending machine | escalator | elevator | traffic light
  mailbox | fence | lawn mower | bucket | wheelbarrow | statue | snow globe | puzzle | board game | yo-yo
  accordion | violin | vacuum cleaner | fridge | freezer | dishwasher | can opener | frying pan | cactus
  houseplant | aquarium | fire alarm | flashlight
adj:
  haunted | broken | borrowed | golden | tiny | giant | ugly | talking | invisible | frozen | wooden
  inflatable | used | expensive | cursed | rusty | plastic | purple | homemade | sticky | glowing
  suspicious | ancient | cheap | noisy | heavy | lonely | polite | grumpy | confused | sleepy | dramatic
  retired | jealous
food:
  pizza | soup | cold spaghetti | mashed potatoes | pancakes | burnt toast | cheese | pickles | ice cream
  popcorn | mac & cheese | fish & chips | salad | oatmeal | tacos | sushi | peanut butter | garlic bread
  chocolate | waffles | boiled eggs | onion rings | lasagna | beans | grapes | pineapple | watermelon
  cheesecake | meatballs | noodles | scrambled eggs | gravy | cookies | dumplings | pretzels | mustard
  olives | broccoli | bacon | mushrooms
animal:
  goose | raccoon | pigeon | squirrel | parrot | goat | penguin | octopus | hamster | turtle | llama | crow
  owl | hedgehog | horse | cow | duck | swan | cat | dog | mouse | snail | spider | shark | dolphin | whale
  bear | moose | giraffe | elephant | kangaroo | koala | sloth | crab | jellyfish | goldfish | frog | bat
  chicken | rooster | seagull | donkey | camel | otter | beaver | wolf | fox | butterfly | bee | ant
  mosquito | worm
place:
  at the library | in a hotel room | at a wedding | on an airplane | in the office kitchen | at a bus stop
  at a funeral | in the supermarket | at the gym | in a museum | at the dentist | on a night train
  in a haunted house | at the zoo | in an elevator | at a job interview | on a cruise ship | in the desert
  at summer camp | in your own house | at the airport | on a first date | in a parking garage
  at a family dinner | in the attic | at a school reunion | in the back of a taxi | at the beach | on a farm
  in a thrift store | at a garage sale | on live television
thirty:
  five | ten | twelve | fifteen | twenty | thirty | forty | fifty | sixty | seventy | ninety | a hundred
duration:
  {thirty} minutes | {thirty} years | one day | a whole year | a single afternoon | one summer | a week
  a month | {thirty} days | the rest of your life | one long weekend
sum:
  $5 | $20 | $100 | $500 | $10,000 | a million dollars | ten million dollars | free pizza for life
  a free house | $1,000 a day | half a billion dollars | {thirty} dollars an hour
topic:
  taxes | the moon | love | money | gravity | dinosaurs | marriage | the ocean | cats | coffee | space
  ghosts | the weather | mirrors | homework | dreams | the internet | cooking | history | school | sleep
  camping | jazz | growing up | chess | driving | traffic | Mondays | birthdays | magnets | dentists
  swimming | shaving | haircuts
`;
