/**
 * Tensors of bfloat16 in the native backend. TensorFlow.js has no such type: it knows them as float32, and this file, which stands
 * between it and the binding, knows better.
 */
import type { NodeJSKernelBackend, TFEOpAttr } from '#tfjs-node';

type Binding = NodeJSKernelBackend['binding'];

/** TensorFlow's number of the type (TF_BFLOAT16 in c/tf_datatype.h), which tfjs-node does not have. */
export const BFLOAT16 = 14;

/** The inputs of an operation that have its type, by position. */
type TypedInputs = readonly number[] | 'all' | 'all but the last';

/**
 * Operations that compute in bfloat16 where all of their inputs are: convolutions, products, sums of two or more, and what
 * only moves or compares values. All others, those of losses, statistics and the optimizer among them, are given float32. A sum
 * of bfloat16 and float32 is float32, as torch promotes.
 */
const OPERATIONS: Readonly<Record<string, TypedInputs>> = {
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
  DepthwiseConv2dNative: [0, 1],
  DepthwiseConv2dNativeBackpropInput: [1, 2],
  DepthwiseConv2dNativeBackpropFilter: [0, 2],
  _MklNativeFusedConv2D: 'all',
  _MklNativeFusedDepthwiseConv2dNative: 'all',
  _MklNativeFusedMatMul: 'all',
  BatchMatMulV2: [0, 1],
  Add: [0, 1],
  AddV2: [0, 1],
  AddN: 'all',
  Relu: [0],
  ReluGrad: [0, 1],
  Relu6: [0],
  Relu6Grad: [0, 1],
  MaxPool: [0],
  MaxPoolGrad: [0, 1, 2],
  ResizeNearestNeighbor: [0],
  ResizeNearestNeighborGrad: [0],
  Reshape: [0],
  Slice: [0],
  StridedSlice: [0],
  Pad: [0],
  ConcatV2: 'all but the last',
  GatherV2: [0],
};

/** A binding that knows which of its tensors are bfloat16. */
export interface Bfloat16Binding extends Binding {
  /** Whether the tensor behind a handle is bfloat16. */
  isBfloat16(id: number): boolean;
}

/**
 * A binding whose operations take tensors of bfloat16 wherever tfjs says float32: in bfloat16 where they are among `OPERATIONS`
 * and all inputs are, otherwise on copies in float32. Values are read as float32. With no such tensor, it does what
 * `binding` does.
 */
export function withBfloat16(binding: Binding): Bfloat16Binding {
  const ids = new Set<number>();

  const execute: Binding['executeOp'] = (name, attributes, inputs, numOutputs) =>
    binding.executeOp(name, attributes, inputs, numOutputs).map((output) => {
      if (output.dtype !== BFLOAT16) return output;
      ids.add(output.id);
      return { ...output, dtype: binding.TF_FLOAT };
    });

  const inFloat32 = (id: number): number => {
    const type = (attribute: string, value: number) => ({
      name: attribute,
      type: binding.TF_ATTR_TYPE,
      value,
    });
    const attributes = [type('SrcT', BFLOAT16), type('DstT', binding.TF_FLOAT)];
    return binding.executeOp('Cast', attributes, [id], 1)[0].id;
  };

  const isFloat = ({ type, value }: TFEOpAttr): boolean =>
    type === binding.TF_ATTR_TYPE && [value].flat().includes(binding.TF_FLOAT);

  const executeOp: Binding['executeOp'] = (name, attributes, inputs, numOutputs) => {
    if (!inputs.some((id) => ids.has(id))) return execute(name, attributes, inputs, numOutputs);
    if (name === 'Cast') {
      const list = attributes.map((attribute) =>
        attribute.name === 'SrcT' ? inBfloat16(attribute) : attribute,
      );
      return execute(name, list, inputs, numOutputs);
    }
    if (name in OPERATIONS && typedInputs(OPERATIONS[name], inputs).every((id) => ids.has(id))) {
      const list = attributes.map((attribute) => (isFloat(attribute) ? inBfloat16(attribute) : attribute));
      return execute(name, list, inputs, numOutputs);
    }
    const copies: number[] = [];
    try {
      const promoted = inputs.map((id) => {
        if (!ids.has(id)) return id;
        copies.push(inFloat32(id));
        return copies.at(-1)!;
      });
      return execute(name, attributes, promoted, numOutputs);
    } finally {
      for (const copy of copies) binding.deleteTensor(copy);
    }
  };

  const deleteTensor: Binding['deleteTensor'] = (id) => {
    ids.delete(id);
    binding.deleteTensor(id);
  };

  const tensorDataSync: Binding['tensorDataSync'] = (id) => {
    if (!ids.has(id)) return binding.tensorDataSync(id);
    const copy = inFloat32(id);
    try {
      return binding.tensorDataSync(copy);
    } finally {
      binding.deleteTensor(copy);
    }
  };

  return Object.create(binding, {
    executeOp: { value: executeOp },
    deleteTensor: { value: deleteTensor },
    tensorDataSync: { value: tensorDataSync },
    isBfloat16: { value: (id: number) => ids.has(id) },
  }) as Bfloat16Binding;
}

/** A type, or a list of one type, that says bfloat16 instead. */
function inBfloat16(attribute: TFEOpAttr): TFEOpAttr {
  const { value } = attribute;
  return { ...attribute, value: Array.isArray(value) ? value.map(() => BFLOAT16) : BFLOAT16 };
}

function typedInputs(inputs: TypedInputs, ids: readonly number[]): readonly number[] {
  if (inputs === 'all') return ids;
  if (inputs === 'all but the last') return ids.slice(0, -1);
  return inputs.map((position) => ids[position]);
}
