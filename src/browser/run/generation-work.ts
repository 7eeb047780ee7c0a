import type { WorkContext } from '../../common/progress.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { bareText, checkGenerated, formatGenerated } from '../../run/generated-texts.js';
import { runFiles } from '../../run/run-files.js';
import type { FileStore } from '../storage/file-store.js';
import { readTextOf } from '../storage/stored-text.js';

/** The texts of generated.jsonl, or of its journal; none where there is no file. @throws TitlesmithError naming a malformed line. */
export async function readGeneratedOf(
  files: FileStore,
  path: string = runFiles.generated,
): Promise<GeneratedText[]> {
  const lines = ((await readTextOf(files, path)) ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    return checkGenerated(value, path, index + 1);
  });
}

/** Milliseconds between two writes of the journal: what is lost of it is generated again, to the same texts. */
const journalEvery = 1000;

/** Texts that are gathered, and kept in a journal until all are there. */
export class GenerationWork {
  private written = 0;

  private constructor(
    private readonly files: FileStore,
    readonly texts: GeneratedText[],
    private readonly onText: (text: GeneratedText) => void,
  ) {}

  /** @param resumes whether the journal counts that an interrupted generation of the same texts left. */
  static async open(
    files: FileStore,
    resumes: boolean,
    onText: (text: GeneratedText) => void,
  ): Promise<GenerationWork> {
    const texts = resumes ? await readGeneratedOf(files, runFiles.generatedJournal) : [];
    return new GenerationWork(files, texts, onText);
  }

  /** The indices of the texts that are there. */
  get finished(): ReadonlySet<number> {
    return new Set(this.texts.map(({ index }) => index));
  }

  /** Takes all texts of a generation; those that came are kept where it is cut short. */
  async takeAll(texts: AsyncIterable<GeneratedText>): Promise<void> {
    try {
      for await (const text of texts) {
        const bare = bareText(text);
        this.texts.push(bare);
        this.onText(bare);
        if (performance.now() - this.written >= journalEvery) await this.save();
      }
    } catch (error) {
      await this.save();
      throw error;
    }
  }

  /** Writes generated.jsonl. @param kept the texts of earlier generations. */
  async finish(kept: readonly GeneratedText[]): Promise<void> {
    this.texts.sort((a, b) => a.index - b.index);
    await this.files.write(runFiles.generated, [formatGenerated([...kept, ...this.texts])]);
    await this.files.remove(runFiles.generatedJournal);
  }

  private async save(): Promise<void> {
    await this.files.write(runFiles.generatedJournal, [formatGenerated(this.texts)]);
    this.written = performance.now();
  }
}

/** A generation also tells each text when it is finished. */
export interface GenerationContext extends WorkContext {
  readonly onText: (text: GeneratedText) => void;
}
