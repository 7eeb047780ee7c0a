type Task = (input: never) => Promise<unknown>;

interface Message {
  readonly data: { readonly call: number; readonly task: string; readonly input: unknown };
}

/** What is used here of a worker's scope. */
interface WorkerScope {
  onmessage?: (message: Message) => void;
  postMessage(message: unknown): void;
}

/** Runs tasks that a page of `openWorkerPage` sends, one after the other. */
export function answerTasks(tasks: Readonly<Record<string, Task>>): void {
  const scope = globalThis as unknown as WorkerScope;
  let last: Promise<unknown> = Promise.resolve();
  scope.onmessage = ({ data: { call, task, input } }) => {
    last = last
      .then(() => tasks[task]!(input as never))
      .then(
        (result) => scope.postMessage({ call, result }),
        (error: unknown) => scope.postMessage({ call, error: String(error) }),
      );
  };
}
