import { createHttpApp, type HttpApp } from '../../../src/web/server/http-app.js';

/** An app without routes. An internal error fails the test. */
export function newApp(): HttpApp {
  const onInternalError = (error: Error): never => {
    throw error;
  };
  return createHttpApp({
    bodyBytes: 1000,
    connections: 10,
    internalErrorHint: 'see the test',
    onInternalError,
  });
}
