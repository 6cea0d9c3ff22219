/**
 * Loaded before each file of tests. Commands run there in the test's own process, by the hundred: without the process that each
 * starts to hear a second Ctrl-C (tests/tools/cli/kill.test.ts tests it), and without the trial step of each training
 * (tests/tools/run/announce-memory.test.ts).
 */
jest.mock('../tools/terminal/second-signal', () => ({
  ...jest.requireActual<object>('../tools/terminal/second-signal'),
  listenForSecondSignal: () => ({ end: () => undefined }),
}));
jest.mock('../tools/run/announce-memory', () => ({ announceMemory: () => undefined }));
