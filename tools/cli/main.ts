import { Command, CommanderError } from 'commander';
import { InputError } from '../../detection/errors';
import { messageWithHint } from '../run/loading-hints';
import { Interrupted } from '../terminal/interruption';
import { writeMessage } from '../terminal/progress';
import { StandardOutput } from '../terminal/standard-output';
import { systemRefusal } from '../terminal/system-refusal';
import { terminalText } from '../terminal/terminal-text';

/** What scripts may rely on. */
export const exitStatus = { done: 0, bug: 1, userInput: 2, interrupted: 130 } as const;

/** What the list of commands says of one, and where its options and its work are. */
type Entry = readonly [usage: string, description: string, load: () => (command: Command) => void];

/** A command's file is loaded where the command runs or explains itself, so that `rcnn --help` answers at once. */
const commands: readonly Entry[] = [
  [
    'check [options]',
    'check a data set as training does before its first step, and decode each picture',
    () => (require('./check') as typeof import('./check')).checkCommand,
  ],
  [
    'browse [options]',
    'see a data set in a browser: objects, detections and their errors, problems, what training sees',
    () => (require('./browse') as typeof import('./browse')).browseCommand,
  ],
  [
    'page [options]',
    'make one HTML file in which a detector runs: drop a picture, see what is found',
    () => (require('./page') as typeof import('./page')).pageCommand,
  ],
  [
    'convert-data [options]',
    'convert a data set between COCO’s, YOLO’s and Pascal VOC’s formats',
    () => (require('./convert-data') as typeof import('./convert-data')).convertDataCommand,
  ],
  [
    'split [options]',
    'split a data set into parts that have the same share of each category',
    () => (require('./split') as typeof import('./split')).splitCommand,
  ],
  [
    'merge [options] <file...>',
    'merge COCO files into one; categories are the same where their names are',
    () => (require('./merge') as typeof import('./merge')).mergeCommand,
  ],
  [
    'config [options]',
    'print a configuration with every key, its default and what it means; check a configuration file',
    () => (require('./config') as typeof import('./config')).configCommand,
  ],
  [
    'anchors [options]',
    'see how well a model’s anchors cover the boxes of a data set, and which sizes would do better',
    () => (require('./anchors') as typeof import('./anchors')).anchorsCommand,
  ],
  [
    'find-lr [options]',
    'find a learning rate: train while it rises until the loss explodes, and see where the loss falls fastest',
    () => (require('./find-lr') as typeof import('./find-lr')).findLrCommand,
  ],
  [
    'train [options]',
    'train a detector on pictures with a COCO instances file',
    () => (require('./train') as typeof import('./train')).trainCommand,
  ],
  [
    'watch [options] <run>',
    'see a run in a browser while it goes on: losses, evaluations, memory, validation pictures',
    () => (require('./watch') as typeof import('./watch')).watchCommand,
  ],
  [
    'evaluate [options]',
    'compute average precision as pycocotools does, of a detector or of a file of detections',
    () => (require('./evaluate') as typeof import('./evaluate')).evaluateCommand,
  ],
  [
    'merge-results [options] <file...>',
    'put together what detect or evaluate have found in shares (--shard)',
    () => (require('./merge-results') as typeof import('./merge-results')).mergeResultsCommand,
  ],
  [
    'compare [options] [runs...]',
    'find out whether one of two runs is better, or only lucky with its pictures',
    () => (require('./compare') as typeof import('./compare')).compareCommand,
  ],
  [
    'detect [options] <image-or-dir...>',
    'find objects in pictures',
    () => (require('./detect') as typeof import('./detect')).detectCommand,
  ],
  [
    'serve [options]',
    'find objects in pictures that are sent by HTTP: JSON, health, metrics, OpenAPI',
    () => (require('./serve') as typeof import('./serve')).serveCommand,
  ],
  [
    'why [options] <picture>',
    'show why the losses of a picture are what they are: what was matched and sampled, and what it cost',
    () => (require('./why') as typeof import('./why')).whyCommand,
  ],
  [
    'export [options] <out>',
    'write a detector as an ONNX file, which ONNX Runtime, OpenVINO and others run',
    () => (require('./export') as typeof import('./export')).exportCommand,
  ],
  [
    'convert [options] <in> <out>',
    'convert a file of weights; names, types and values stay as they are',
    () => (require('./convert') as typeof import('./convert')).convertCommand,
  ],
  [
    'synthesize [options]',
    'generate a data set of cut-and-paste scenes in COCO’s format',
    () => (require('./synthesize') as typeof import('./synthesize')).synthesizeCommand,
  ],
  [
    'benchmark',
    'measure time and memory, each case in a process of its own',
    () => (require('./benchmark/benchmark') as typeof import('./benchmark/benchmark')).benchmarkCommand,
  ],
  [
    'demo [options]',
    'generate scenes, train a small detector on them, evaluate it and write a report',
    () => (require('./demo') as typeof import('./demo')).demoCommand,
  ],
];

const examples = `
Examples:
  $ rcnn setup        fetch TensorFlow's native library now, not at the first command
  $ rcnn demo
  $ rcnn train --model fasterrcnn_resnet18_fpn --train-annotations train.json --train-images images --output runs/first
  $ rcnn evaluate --weights runs/first/best --annotations val.json --images images
  $ rcnn detect --weights runs/first/best --output detected photo.jpg

Results go to the standard output, progress to the standard error. Exit status: 0 done, 1 a bug of ours,
2 an error in the input, 130 stopped by Ctrl-C after saving.
Help for a command: rcnn train --help`;

/**
 * The command line.
 *
 * @param argv what follows the program's name.
 * @returns the exit status; never throws.
 */
export async function main(argv: string[]): Promise<number> {
  const output = new StandardOutput();
  const status = await statusOf(argv);
  const failure = await output.end();
  return failure && status === exitStatus.done ? report(failure) : status;
}

async function statusOf(argv: string[]): Promise<number> {
  try {
    await runCommand(argv);
    return exitStatus.done;
  } catch (error) {
    return report(error);
  }
}

/**
 * Runs a command, and says nothing of why it cannot.
 *
 * @throws InputError and whatever else the command throws; CommanderError for options that cannot be, and after a help text.
 */
export async function runCommand(argv: string[]): Promise<void> {
  await buildProgram(argv).parseAsync(argv, { from: 'user' });
}

function buildProgram(argv: readonly string[]): Command {
  const program = new Command('rcnn')
    .description('Faster R-CNN: train, evaluate and use object detectors.')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(terminalText(text)) });
  // The program has no options that take a value: this is the command, in `rcnn help train` too.
  const wanted = argv.find((word) => !word.startsWith('-') && word !== 'help');
  const usages = new Map<string, string>();
  for (const [usage, description, load] of commands) {
    const [name] = usage.split(' ');
    usages.set(name, usage);
    const command = program.command(name).description(description);
    if (name === wanted) load()(command);
  }
  // After the commands, which would inherit it.
  return program
    .helpCommand('help [command]', 'explain a command')
    .configureHelp({ subcommandTerm: (command) => usages.get(command.name()) ?? 'help [command]' })
    .addHelpText('after', examples);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message or the help text; help that was asked for is no fault.
    return error.exitCode === 0 ? exitStatus.done : exitStatus.userInput;
  }
  const fault = error instanceof InputError ? messageWithHint(error) : systemRefusal(error);
  if (fault !== undefined) {
    writeMessage(fault);
    return exitStatus.userInput;
  }
  if (error instanceof Interrupted) {
    writeMessage(error.message);
    return exitStatus.interrupted;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeMessage(trace);
  return exitStatus.bug;
}
