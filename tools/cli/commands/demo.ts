import { Command } from 'commander';
import type * as RunDemo from '../run-demo';

/** `rcnn demo`: what `npm run demo` runs. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('generate scenes, train a small detector on them, evaluate it and write a report')
    .option('--output <dir>', 'folder of the demo', 'runs/demo')
    .addHelpText(
      'after',
      `
Takes some minutes. Stopped with Ctrl-C, it goes on where it was when started again.

Examples:
  $ rcnn demo
  $ rcnn demo --output runs/another`,
    )
    .action(async (options: RunDemo.DemoCommandOptions) => {
      const { runDemo } = require('../run-demo') as typeof RunDemo;
      await runDemo(options);
    });
}
