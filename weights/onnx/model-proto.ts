import {
  bytesField,
  floatField,
  messageField,
  signedField,
  varintField,
} from '../../detection/files/protocol-buffers';
import type { Graph, GraphBody, GraphNode, Port } from '../../detection/onnx/graph';
import { ELEMENT_TYPES, type Attribute, type GraphTensor } from '../../detection/onnx/value';

/** Version of ONNX's operators that graphs are of, and the oldest version of the format that has them. */
const OPSET = 17;
const IR_VERSION = 8;
const PRODUCER = 'faster-rcnn';

/** AttributeProto.AttributeType. */
const TYPES = { float: 1, int: 2, string: 3, graph: 5, ints: 7 };

/** Parts of a message, one after the other: what is large is not copied. */
type Parts = readonly Uint8Array[];

/**
 * An ONNX file: ModelProto of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 *
 * @param metadata metadata_props
 * @returns the bytes of the file, in parts
 */
export function modelProto(graph: Graph, metadata: Readonly<Record<string, string>>): Parts {
  return [
    varintField(1, IR_VERSION),
    bytesField(2, PRODUCER),
    ...messageField(7, graphProto(graph, 'detector', [...graph.tensors])),
    ...messageField(8, [varintField(2, OPSET)]),
    ...Object.entries(metadata).flatMap(([key, value]) =>
      messageField(14, [bytesField(1, key), bytesField(2, value)]),
    ),
  ];
}

function graphProto(
  { nodes, inputs, outputs }: Pick<Graph, 'nodes' | 'inputs' | 'outputs'>,
  name: string,
  tensors: readonly (readonly [string, GraphTensor])[],
): Parts {
  return [
    ...nodes.flatMap((node) => messageField(1, nodeProto(node))),
    bytesField(2, name),
    ...tensors.flatMap(([name, tensor]) => messageField(5, tensorProto(name, tensor))),
    ...inputs.flatMap((port) => messageField(11, portProto(port))),
    ...outputs.flatMap((port) => messageField(12, portProto(port))),
  ];
}

function nodeProto({ op, name, inputs, outputs, attributes }: GraphNode): Parts {
  return [
    ...inputs.map((input) => bytesField(1, input)),
    ...outputs.map((output) => bytesField(2, output)),
    bytesField(3, name),
    bytesField(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      messageField(5, [bytesField(1, name), ...attributeProto(value)]),
    ),
  ];
}

function attributeProto(value: Attribute): Parts {
  if (typeof value === 'number') return [signedField(3, value), varintField(20, TYPES.int)];
  if (typeof value === 'string') return [bytesField(4, value), varintField(20, TYPES.string)];
  if ('float' in value) return [floatField(2, value.float), varintField(20, TYPES.float)];
  if ('kind' in value) {
    // Graphs make no others.
    const body = value as GraphBody;
    return [...messageField(6, graphProto(body, 'body', [])), varintField(20, TYPES.graph)];
  }
  return [...value.map((one) => signedField(8, one)), varintField(20, TYPES.ints)];
}

function tensorProto(name: string, { type, shape, data }: GraphTensor): Parts {
  return [
    ...shape.map((side) => varintField(1, side)),
    varintField(2, ELEMENT_TYPES[type]),
    bytesField(8, name),
    // As they lie in memory: little endian, on all machines that this runs on.
    ...messageField(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  ];
}

function portProto({ name, type, shape }: Port): Parts {
  const sides = shape?.flatMap((side) =>
    messageField(1, [typeof side === 'number' ? varintField(1, side) : bytesField(2, side)]),
  );
  const tensor = [varintField(1, ELEMENT_TYPES[type]), ...(sides ? messageField(2, sides) : [])];
  return [bytesField(1, name), ...messageField(2, messageField(1, tensor))];
}
