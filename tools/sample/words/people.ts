/** People by trade and by relation. */
export const people = `
profession:
  teacher | nurse | librarian | bartender | pilot | plumber | electrician | firefighter | lifeguard
  zookeeper | beekeeper | dentist | barber | baker | truck driver | bus driver | taxi driver | tour guide
  hotel clerk | night guard | museum guard | chef | waiter | accountant | lawyer | judge | translator
  magician | clown | babysitter | piano teacher | dog walker | farmer | gardener | park ranger | sailor
  scientist | programmer | florist | tailor | street musician | opera singer | drummer | tattoo artist
  carpenter | locksmith | landlord | referee | yoga teacher | lighthouse keeper | cashier | weather reporter
  substitute teacher | wedding photographer | flight attendant | mail carrier | mechanic | detective
  surgeon | stunt double | mime | puppeteer | butcher | janitor | vet | pharmacist
relative:
  boss | grandmother | grandfather | neighbor | roommate | math teacher | mother | father | little brother
  older sister | uncle | aunt | best friend | cousin | dentist | landlord | coworker | cat | dog
  mother-in-law | barber | therapist
group:
  left-handed people | parents of twins | night owls | early risers | tall people | short people
  only children | cat owners | dog owners | new parents | people with curly hair | people from small towns
  people who hate coffee | people who never dream | people who work nights | people who live alone
  people on diets | twins | collectors | retired people | people who love winter | bad cooks | former bullies
  shy people | gym people | vegetarians | people with loud neighbors | people with no siblings | plant owners
  students | older people | morning people
being:
  a medieval knight | an alien | a five year old | a caveman | your grandmother | a talking dog | a pirate
  a ghost | a time traveler | a robot | the last king of France | a sleepy toddler | a vampire | a wizard
  a Viking | a goldfish
`;
