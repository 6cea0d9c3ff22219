import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { describeWith } from '../../../../peer';

/** Where .ci/run puts TensorBoard's reader. */
const CACHE = process.env['FASTER_RCNN_CACHE'] ?? path.join(homedir(), '.cache', 'faster-rcnn');
const TENSORBOARD = path.join(CACHE, 'tensorboard-2.20.0');
export const describeTensorBoard = describeWith("TensorBoard's reader", existsSync(TENSORBOARD));

/** Everything that TensorBoard finds in a folder, by tag, as its own plugins parse it. */
const READ = `
import json, sys
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.plugins.histogram.metadata import parse_plugin_metadata as histogram
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.image.metadata import parse_plugin_metadata as image
from tensorboard.plugins.pr_curve.metadata import parse_plugin_metadata as pr_curve
from tensorboard.util import tensor_util
from google.protobuf.json_format import MessageToDict
parse = {
    'histograms': histogram, 'images': image, 'pr_curves': pr_curve, 'scalars': lambda content: None,
    'hparams': lambda content: MessageToDict(hparams.plugin_data_pb2.HParamsPluginData.FromString(content)),
}
folder, values = sys.argv[1:]
events = EventAccumulator(folder, size_guidance={'tensors': 0})
events.Reload()
found = {}
for tag in events.Tags()['tensors']:
    plugin = events.SummaryMetadata(tag).plugin_data
    content = parse[plugin.plugin_name](plugin.content)
    found[tag] = dict(plugin=plugin.plugin_name, steps=[], values=[])
    found[tag]['content'] = content if content is None or isinstance(content, dict) else MessageToDict(content)
    for event in events.Tensors(tag):
        found[tag]['steps'].append(event.step)
        array = tensor_util.make_ndarray(event.tensor_proto)
        texts = [item.decode('latin-1') for item in array] if array.dtype == object else None
        found[tag]['values'].append(texts or array.tolist())
histograms = {name: tensor_util.make_ndarray(histogram_pb(name, data).value[0].tensor).tolist()
              for name, data in json.loads(values).items()}
print(json.dumps(dict(found=found, histograms=histograms)))
`;

/** What TensorBoard finds under a tag. */
export interface Tag {
  readonly plugin: string;
  readonly content: Record<string, unknown>;
  readonly steps: readonly number[];
  readonly values: readonly unknown[];
}

/** @returns what TensorBoard finds, and its own histograms of some values. */
export function readAsTensorBoard(
  folder: string,
  values: Readonly<Record<string, readonly number[]>> = {},
): {
  found: Record<string, Tag>;
  histograms: Record<string, number[][]>;
} {
  const printed = execFileSync('python3', ['-c', READ, folder, JSON.stringify(values)], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'], // it says that it forgets the steps that were done again
    env: { ...process.env, PYTHONPATH: TENSORBOARD },
  });
  return JSON.parse(printed) as ReturnType<typeof readAsTensorBoard>;
}
