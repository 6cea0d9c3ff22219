import { Command, CommanderError } from 'commander';
import { InputError } from '../../detection/errors';
import { benchmarkCommand } from './commands/benchmark';
import { checkCommand } from './commands/check';
import { configCommand } from './commands/config';
import { convertCommand } from './commands/convert';
import { demoCommand } from './commands/demo';
import { detectCommand } from './commands/detect';
import { evaluateCommand } from './commands/evaluate';
import { findLrCommand } from './commands/find-lr';
import { synthesizeCommand } from './commands/synthesize';
import { trainCommand } from './commands/train';
import { messageWithHint } from '../run/loading-hints';
import { Interrupted } from '../terminal/interruption';
import { tell } from '../terminal/progress';
import { systemRefusal } from '../terminal/system-refusal';
import { terminalText } from '../terminal/terminal-text';

/** What scripts may rely on. */
export const exitStatus = { done: 0, bug: 1, userInput: 2, interrupted: 130 } as const;

/** Options and help only: what a command does is loaded when it runs, so that `--help` answers at once. */
const commands = [
  checkCommand,
  configCommand,
  findLrCommand,
  trainCommand,
  evaluateCommand,
  detectCommand,
  convertCommand,
  synthesizeCommand,
  benchmarkCommand,
  demoCommand,
];

const examples = `
Examples:
  $ rcnn demo
  $ rcnn train --model fasterrcnn_resnet18_fpn --train-annotations train.json --train-images images --output runs/first
  $ rcnn evaluate --weights runs/first/best --annotations val.json --images images
  $ rcnn detect --weights runs/first/best --output detected photo.jpg

Results go to the standard output, progress to the standard error. Exit status: 0 done, 1 a bug of ours,
2 something is wrong with the input, 130 stopped by Ctrl-C after saving.
Each command explains itself: rcnn train --help`;

/**
 * The command line.
 *
 * @param argv what follows the program's name.
 * @returns the exit status; never throws.
 */
export async function main(argv: string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv, { from: 'user' });
    return exitStatus.done;
  } catch (error) {
    return report(error);
  }
}

function buildProgram(): Command {
  const program = new Command('rcnn')
    .description('Faster R-CNN: train, evaluate and use object detectors.')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', examples);
  for (const build of commands) program.addCommand(build());
  for (const command of withSubcommands(program)) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .configureOutput({ outputError: (text, write) => write(terminalText(text)) });
  }
  return program;
}

/** `rcnn`, `rcnn train`, `rcnn benchmark`, `rcnn benchmark speed`, ... */
function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message or the help text; help that was asked for is no fault.
    return error.exitCode === 0 ? exitStatus.done : exitStatus.userInput;
  }
  const fault = error instanceof InputError ? messageWithHint(error) : systemRefusal(error);
  if (fault !== undefined) {
    tell(fault);
    return exitStatus.userInput;
  }
  if (error instanceof Interrupted) {
    tell(error.message);
    return exitStatus.interrupted;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(trace);
  return exitStatus.bug;
}
