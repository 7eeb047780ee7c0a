import { formatCount } from '../../common/number-formats.js';
import { byId } from '../../web/client/dom.js';
import type {
  DownloadKind,
  OpenedRun,
  StoredRun,
  TitlesRead,
  TrainingEnd,
  Verdict,
  WorkEvent,
} from '../worker-messages.js';
import {
  announce,
  atWork,
  bringTo,
  enableWhenIdle,
  isAtWork,
  refreshButtons,
  sayDone,
  saying,
  sayTrouble,
} from './busy.js';
import { listenForCommunity } from './community-panel.js';
import { listenForKeeping, saveFile, showArchiveSize } from './keep-panel.js';
import { inMinutes, LearningView, readTrainingWish } from './learning-panel.js';
import { prepareOffline } from './offline.js';
import { showRuns } from './runs-panel.js';
import { TextsPanel, textsInWords } from './texts-panel.js';
import { listenForTitles, offerColumns, showReading, showTitles } from './titles-panel.js';
import { showVerdict } from './verdict-panel.js';
import { WorkerClient, WorkTrouble } from './worker-client.js';

/** The page: shows what its worker does, and tells it what to do. It computes nothing itself. */

const trainButton = byId('train', HTMLButtonElement);
const goOnButton = byId('go-on', HTMLButtonElement);
const stopTraining = byId('stop', HTMLButtonElement);
const generateButton = byId('generate', HTMLButtonElement);
const stopWriting = byId('stop-writing', HTMLButtonElement);
const stopReading = byId('stop-reading', HTMLButtonElement);

const worker = new WorkerClient(onEvent);
const learning = new LearningView();
const texts = new TextsPanel();

/** What a training learns from: what was read last, or the titles of the run that was opened last. */
let titles: TitlesRead | undefined;
/** Whether it has begun to learn from them before. */
let isLearned = false;
/** The run that is open. */
let run: StoredRun | undefined;
let verdict: Verdict | undefined;
/** What the bar of the work at hand stands for. */
let phase: 'reading' | 'learning' | 'writing' | 'other' = 'other';

/** What is done about each event, by its name. */
const onEvents: {
  readonly [Name in WorkEvent['name']]: (event: Extract<WorkEvent, { name: Name }>) => void;
} = {
  progress: (event) => showProgress(event),
  note: ({ line }) => announce(line),
  began: (event) => {
    run = event.run;
    isLearned = true;
  },
  loss: ({ point }) => learning.loss(point),
  heldOutLoss: ({ point }) => learning.heldOutLoss(point),
  sample: ({ step, texts: said }) => learning.sample(step, said),
  text: ({ text }) => texts.add(text),
};

function onEvent(event: WorkEvent): void {
  const act = onEvents[event.name] as (event: WorkEvent) => void;
  act(event);
}

const works: Readonly<Record<Extract<WorkEvent, { name: 'progress' }>['what'], string>> = {
  load: 'Loading the model, this once',
  read: 'Reading the titles',
  train: 'Learning',
  measure: 'Testing it on titles that were held back',
  write: 'Writing',
  compare: 'Comparing with the titles it learned from',
};

function showProgress({ what, done, total, secondsLeft }: Extract<WorkEvent, { name: 'progress' }>): void {
  const count = {
    load: total === undefined ? '' : `: ${Math.floor((100 * done) / total)} %`,
    train: total === undefined ? '' : `: step ${formatCount(done)} of ${formatCount(total)}`,
    write: total === undefined ? '' : `: ${formatCount(done)} of ${formatCount(total)}`,
    read: done === 0 ? '' : `: ${formatCount(done)}`,
    measure: '',
    compare: '',
  }[what];
  const left = secondsLeft === undefined ? '' : `, about ${inMinutes(secondsLeft)} left`;
  const isLoaded = what === 'load' && done === total;
  const line = isLoaded ? 'Loaded. Getting ready …' : `${works[what]}${count}${left} …`;
  if (phase === 'learning') learning.progress(line, done, total);
  else if (phase === 'writing') texts.progress(line, done, total);
  else if (phase === 'reading') showReading(line);
}

/** What this browser computes with, and what it keeps, as far as that is known. */
const facts = { computing: '', keeping: '', offline: '' };

function showFacts(): void {
  const known = Object.values(facts).filter((fact) => fact !== '');
  if (known.length > 0) byId('facts', HTMLElement).textContent = known.join(' ');
}

async function describeBrowser(): Promise<void> {
  facts.computing = (await worker.call('describeBrowser', undefined)).reason;
  showFacts();
}

/** Milliseconds between two looks at runs on which another tab is at work. */
const lookEvery = 2000;
let nextLook: number | undefined;

async function listRuns(): Promise<void> {
  const { areKept, reason, runs } = await worker.call('listRuns', undefined);
  worker.keepsRuns = areKept;
  facts.keeping = areKept
    ? 'What you make is kept in this browser until you remove it.'
    : `This window keeps nothing (${reason}): what you make is gone when it is closed, so save it as files.`;
  showFacts();
  showRuns(runs, { onGoOn: goOn, onOpen: open, onRemove: remove });
  clearTimeout(nextLook);
  if (runs.some(({ isAtWorkElsewhere }) => isAtWorkElsewhere)) lookAgain(JSON.stringify(runs));
}

/** The other tab tells this one nothing: what is shown is renewed once it has changed. Work of this tab lists the runs itself. */
function lookAgain(shown: string): void {
  nextLook = window.setTimeout(async () => {
    if (isAtWork()) return;
    const { runs } = await worker.call('listRuns', undefined);
    if (JSON.stringify(runs) === shown) lookAgain(shown);
    else await listRuns();
  }, lookEvery);
}

function read(files: readonly File[] | undefined, column?: string): void {
  const drop = byId('drop', HTMLElement);
  if (isAtWork()) {
    sayTrouble('Not now: it is at work on something else. Wait until that is done, or stop it.', drop);
    return;
  }

  const work = async (): Promise<void> => {
    phase = 'reading';
    announce('Reading the titles …');
    offerColumns([], () => {});
    showReading('Reading the titles …');
    try {
      titles = await worker.call('readTitles', { files, column });
      isLearned = false;
      showTitles(titles);
      byId('learn-help', HTMLElement).hidden = false;
    } catch (error) {
      if (error instanceof WorkTrouble && error.stopped) {
        announce('Stopped: nothing was read.');
        return;
      }
      if (error instanceof WorkTrouble) offerColumns(error.columns, (chosen) => read(files, chosen));
      const still = titles === undefined ? '' : ` Still in use: ${titles.name}.`;
      throw new Error(`${error instanceof Error ? error.message : String(error)}${still}`);
    } finally {
      showReading('');
    }
  };
  void atWork(work, { start: byId('example', HTMLButtonElement), stop: stopReading }, drop).then(() => {
    const asksForColumn = !byId('columns', HTMLElement).hidden;
    if (titles && !asksForColumn) trainButton.focus({ preventScroll: true });
  });
}

function forgetRun(): void {
  run = undefined;
  verdict = undefined;
  showArchiveSize(undefined);
  showVerdict(undefined);
  texts.offer(undefined);
  texts.show([], '');
}

function train(): void {
  const wish = readTrainingWish();
  if (!wish) return;
  void learn('Preparing …', () => worker.call('train', wish));
}

function goOn(stored: StoredRun, button?: HTMLButtonElement): void {
  bringTo('learn');
  const work = learn('Going on where it stopped …', async () => {
    showOpened(await worker.call('openRun', stored.id));
    worker.checkStop();
    return worker.call('goOn', stored.id);
  });
  if (button) void saying(button, 'Going on …', work);
}

/** Shows a training from its beginning to its end. */
function learn(line: string, work: () => Promise<TrainingEnd>): Promise<void> {
  return atWork(
    async () => {
      forgetRun();
      phase = 'learning';
      goOnButton.hidden = true;
      learning.begin(line);
      try {
        const end = await work();
        run = end.run;
        learning.end(end);
        showArchiveSize(run.bytes);
        await describeBrowser();
        texts.offer(run);
      } catch (error) {
        learning.stopped(error instanceof WorkTrouble && error.stopped ? error.message : 'It did not end.');
        goOnButton.hidden = run === undefined;
        if (!(error instanceof WorkTrouble && error.stopped)) throw error;
      } finally {
        await listRuns();
      }
    },
    { start: trainButton, stop: stopTraining },
  ).then(() => {
    if (run?.state === 'trained') generateButton.focus({ preventScroll: true });
  });
}

function generate(): void {
  const wish = texts.wish();
  if (!wish) return;
  void atWork(
    async () => {
      phase = 'writing';
      texts.begin('Preparing …');
      try {
        const written = await worker.call('generate', wish);
        const line = textsInWords(written.texts);
        verdict = written.verdict;
        const shown = written.isStopped ? `Stopped. What was written counts: ${line}` : line;
        texts.show(written.texts, shown, verdict?.verdict);
        await describeBrowser();
        showVerdict(verdict, wish.run !== undefined);
      } catch (error) {
        const stopped = error instanceof WorkTrouble && error.stopped;
        texts.progress(stopped ? error.message : 'It did not end.', 0, 1);
        if (!stopped) throw error;
      } finally {
        await listRuns();
      }
    },
    { start: generateButton, stop: stopWriting },
  );
}

function open(stored: StoredRun, button: HTMLButtonElement): void {
  const work = atWork(
    async () => {
      phase = 'other';
      const opened = await worker.call('openRun', stored.id);
      showOpened(opened);
      bringTo('write');
    },
    undefined,
    byId('run-list', HTMLElement),
  );
  void saying(button, 'Opening …', work);
}

function showOpened(opened: OpenedRun): void {
  ({ run } = opened);
  ({ verdict } = opened.written);
  ({ titles } = opened);
  isLearned = true;
  showTitles(titles);
  const { training, heldOut } = opened.curve;
  if (training.length + heldOut.length > 0)
    learning.begin(`${run.name}: ${formatCount(run.steps)} steps.`, opened.curve, opened.bestStep);
  texts.offer(run.state === 'trained' ? run : undefined);
  const { texts: written } = opened.written;
  texts.show(written, written.length > 0 ? textsInWords(written) : '', verdict?.verdict);
  showVerdict(verdict);
  refreshButtons();
  showArchiveSize(run.state === 'trained' ? run.bytes : undefined);
  sayDone(`${run.name} is open.`, byId('write-help', HTMLElement));
}

function remove(stored: StoredRun): void {
  void atWork(async () => {
    await worker.call('removeRun', stored.id);
    await listRuns();
    if (run?.id === stored.id) forgetRun();
    const list = byId('runs', HTMLElement);
    sayDone(`${stored.name} is removed.`, list.hidden ? list : byId('run-list', HTMLElement));
  });
}

function save(kind: DownloadKind, button: HTMLButtonElement): void {
  const id = run?.id;
  if (id === undefined) return;
  const work = atWork(async () => {
    const { name, content } = await worker.call('download', { run: id, kind });
    saveFile(name, content);
    sayDone(
      `${name} is saved, where your browser puts what it downloads.`,
      button.parentElement ?? undefined,
    );
  });
  void saying(button, 'Packing …', work);
}

function openArchive(archive: File): void {
  void atWork(
    async () => {
      phase = 'other';
      announce('Opening …');
      showOpened(await worker.call('openArchive', archive));
      await listRuns();
      bringTo('write');
    },
    undefined,
    byId('archive', HTMLInputElement).parentElement ?? undefined,
  );
}

listenForTitles(read, openArchive);
listenForCommunity((name) => {
  texts.offerCommunity(name);
  bringTo('write');
  generate();
});
listenForKeeping({
  onSave: save,
  onOpen: openArchive,
  has: (kind) => {
    if (kind === 'archive') return run?.state === 'trained';
    byId('nothing-new', HTMLElement).hidden = verdict?.accepted !== 0;
    return verdict !== undefined && (kind === 'report' || verdict.accepted > 0);
  },
});
trainButton.addEventListener('click', train);
enableWhenIdle(trainButton, () => {
  byId('train-why', HTMLElement).hidden = titles !== undefined;
  trainButton.textContent = isLearned && titles !== undefined ? 'Learn anew' : 'Learn';
  return titles !== undefined;
});
goOnButton.addEventListener('click', () => run && goOn(run));
enableWhenIdle(goOnButton);
enableWhenIdle(generateButton);
byId('write-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  generate();
});
for (const button of [stopReading, stopTraining, stopWriting])
  button.addEventListener('click', () => {
    worker.stop();
    announce('It stops at the end of this step, and saves.');
  });
addEventListener('beforeunload', (event) => {
  // Nothing is lost, but what is at work stops.
  if (isAtWork() && (phase === 'learning' || phase === 'writing')) event.preventDefault();
});

/** Whether this browser keeps runs, without loading what looks into them. */
async function keepsRuns(): Promise<boolean> {
  try {
    const root = await navigator.storage.getDirectory();
    for await (const _ of root.values()) return true;
  } catch {
    // No such storage: there is nothing to list.
  }
  return false;
}

void prepareOffline().then(async (trouble) => {
  facts.offline = trouble;
  showFacts();
  document.documentElement.dataset['ready'] = 'yes';
  if (await keepsRuns()) await atWork(listRuns);
});
