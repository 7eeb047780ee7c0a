/**
 * Takes out of a test's environment what a person, a scheduler or a terminal may have set and titlesmith would act upon, so that
 * tests behave alike everywhere: a test that needs one of these sets it. What says where programs, caches, certificates and
 * registries are stays, and so do the variables by which the tests themselves are set.
 */
const ofPeople = [
  'BIGQUERY_EMULATOR_HOST',
  'CLOUDSDK_CONFIG',
  'CLOUD_RUN_TASK_COUNT',
  'CLOUD_RUN_TASK_INDEX',
  'COLUMNS',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'HF_HUB_OFFLINE',
  'JOB_COMPLETION_INDEX',
  'KUBERNETES_SERVICE_HOST',
  'K_SERVICE',
  'LANG',
  'LC_ALL',
  'NO_COLOR',
  'PORT',
  'SHELL',
  'STORAGE_EMULATOR_HOST',
  'TITLESMITH_API_KEY',
  'TITLESMITH_ENGINE_LOG',
  'TRANSFORMERS_OFFLINE',
];

for (const name of ofPeople) delete process.env[name];
