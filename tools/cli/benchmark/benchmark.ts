import type { Command } from 'commander';
import { memoryCommand } from './memory';
import { serveCommand } from './serve';
import { speedCommand } from './speed';

/** `rcnn benchmark`: what the design costs and what it saves, and how fast it is beside its peers. */
export function benchmarkCommand(command: Command): void {
  const memory = 'memory of a training step with the losses in the model, and outside of it in two ways';
  memoryCommand(command.command('memory').description(memory));
  const serve = 'pictures a second and times of rcnn serve under load, and what it survives';
  serveCommand(command.command('serve').description(serve));
  const speed =
    'time training, inference, start, evaluation and loading beside torchvision, ONNX Runtime, OpenVINO and others';
  speedCommand(command.command('speed').description(speed));
}
