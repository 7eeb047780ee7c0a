import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type File, IdempotencyStrategy, Storage } from '@google-cloud/storage';
import { TitlesmithError, usageError } from '../common/errors.js';
import type { StorageFile } from './storage.js';

let opened: Storage | undefined;

/** One client per process. STORAGE_EMULATOR_HOST names an emulator, which needs no credentials. */
function client(): Storage {
  if (opened) return opened;
  const emulator = process.env['STORAGE_EMULATOR_HOST']?.replace(/\/+$/, '');
  opened = new Storage({
    ...(emulator ? { apiEndpoint: emulator, projectId: 'emulator' } : {}),
    // Objects are written atomically, so repeating a write is safe.
    retryOptions: { autoRetry: true, maxRetries: 4, idempotencyStrategy: IdempotencyStrategy.RetryAlways },
  });
  // The client would use the variable's value without this path.
  if (emulator) opened.baseUrl = `${emulator}/storage/v1`;
  return opened;
}

/** Turns an error of Cloud Storage into a TitlesmithError that says what to do; returns other values unchanged. */
function storageError(action: string, name: string, error: unknown): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const status = 'code' in error ? error.code : undefined;
  const [line = ''] = error.message.split('\n');
  const said = line.replace(
    /^request to \w+:\/\/([^/ ]+)\S* failed, reason: (.*)/,
    '$1 cannot be reached ($2)',
  );
  const fail = (why: string, code: string, hint: string): TitlesmithError =>
    new TitlesmithError(`Cannot ${action} ${name}: ${why}.`, { code, hint, cause: error });
  if (status === 404) return fail('there is no such object or bucket', 'storage-missing', 'Check the name.');
  if (/default credentials|invalid_grant|invalid_rapt/i.test(error.message) || status === 401) {
    const hint = 'Log in with: gcloud auth application-default login.';
    return fail('there are no valid Google credentials', 'storage-credentials', hint);
  }
  if (status === 403) {
    return fail('access is denied', 'storage-access', 'Check that the account may use this bucket.');
  }
  const isRefused =
    typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (isRefused) return fail(said.replace(/\.$/, ''), 'storage-refused', 'Check the name.');
  return fail(said.replace(/\.$/, ''), 'storage-network', 'Check the network, and try again later.');
}

function parse(text: string): { bucket: string; object: string } {
  const [, bucket, object = ''] =
    /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/i.exec(text) ?? [];
  if (bucket === undefined || object.length > 1000) {
    throw usageError(`${JSON.stringify(text)} names no object of a bucket.`, 'Write gs://bucket/path/name.');
  }
  return { bucket, object };
}

function objectFile(name: string, file: File): StorageFile {
  return {
    name,
    exists: async () => {
      try {
        return (await file.exists())[0];
      } catch (error) {
        throw storageError('read', name, error);
      }
    },
    async *read() {
      try {
        // The library verifies the object's CRC32C.
        for await (const chunk of file.createReadStream({ decompress: false })) yield chunk as Uint8Array;
      } catch (error) {
        throw storageError('read', name, error);
      }
    },
    write: async (chunks) => {
      try {
        await pipeline(
          Readable.from(chunks),
          file.createWriteStream({ resumable: true, validation: 'crc32c' }),
        );
      } catch (error) {
        throw storageError('write', name, error);
      }
    },
  };
}

/** An object by its name `gs://bucket/name`. @throws TitlesmithError `usage` when the name is invalid. */
export async function openObject(text: string): Promise<StorageFile> {
  const { bucket, object } = parse(text);
  if (object === '') throw usageError(`${text} names a bucket, but no object in it.`);
  return objectFile(text, client().bucket(bucket).file(object));
}

/** Names of the objects directly below `gs://bucket/folder/`. @throws TitlesmithError */
export async function listObjects(prefix: string): Promise<readonly string[]> {
  const { bucket, object } = parse(prefix);
  try {
    const [files] = await client()
      .bucket(bucket)
      .getFiles({ prefix: object, delimiter: '/', autoPaginate: true });
    return files.map(({ name }) => name);
  } catch (error) {
    throw storageError('read', prefix, error);
  }
}
