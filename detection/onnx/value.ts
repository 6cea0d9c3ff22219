/** Types of elements, as numpy calls them. */
export type ElementType = 'float32' | 'float64' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool';

/** A constant of a graph: weights, or a number that a formula has. */
export interface GraphTensor {
  /** Of its elements. */
  readonly type: ElementType;
  /** Its sides; none of a scalar. */
  readonly shape: readonly number[];
  /** Its elements, row by row; bytes of 0 and 1 for `bool`. */
  readonly data: Float32Array | Float64Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

/** An attribute of a node: a whole number, several, text, a number with a fraction, or the body of a loop. */
export type Attribute = number | readonly number[] | string | FloatAttribute | Subgraph;

/** A number with a fraction. */
export interface FloatAttribute {
  /** The number. */
  readonly float: number;
}

/** A graph that an attribute holds. */
export interface Subgraph {
  /** Tells it from other attributes. */
  readonly kind: 'graph';
}

/** What values are made in: a graph, or the body of a loop in it. */
export interface GraphBuilder {
  /** 0 of a graph, 1 of the body of a loop in it, and so on. */
  readonly depth: number;
  /**
   * Adds a node, and returns its outputs.
   *
   * @param inputs undefined for one that is left out
   * @param types of the outputs
   */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    types: readonly ElementType[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value[];
  /** A scalar, or a list of numbers. Equal ones are there once. */
  constant(value: number | readonly number[], type: ElementType): Value;
  /** Adds a constant under a name, which gets a number where another has it. */
  tensor(name: string, tensor: GraphTensor): Value;
  /** What weights have been stored as: `make` runs once for each owner, however often its layer is used. */
  stored<Weights>(owner: object, make: () => Weights): Weights;
  /** The name of a parameter of the model that is being exported. */
  nameOf(parameter: object): string;
  /** The body of a loop; what it computes may need values of this graph. */
  body(): LoopBody;
}

/** The body of a loop while it is being built. */
export interface LoopBody extends GraphBuilder, Subgraph {
  /** Adds an input: a scalar. */
  input(name: string, type: ElementType): Value;
  /** Makes a value an output. */
  output(value: Value): void;
}

/** A value, or a number that becomes a constant of the same type. */
export type Operand = Value | number;
/** A side of a shape: a number, or an int64 value of one element. */
export type Side = number | Value;

/** The largest elements along an axis. */
export interface Largest {
  /** Best first. */
  readonly values: Value;
  /** Where they were, int64. */
  readonly indices: Value;
}

/** Behind the last element of any list. */
const LAST = 2 ** 31 - 1;

/**
 * A value in an ONNX graph, which each method adds a node to: `x.mul(2).add(y)`. Methods are called as numpy's, and broadcast as
 * numpy's; the meaning of each is that of the ONNX operator, opset 17.
 */
export class Value {
  /** Graphs make them. */
  constructor(
    /** What it is made in. */
    readonly graph: GraphBuilder,
    /** Unique in the whole graph. */
    readonly name: string,
    /** Of its elements. */
    readonly type: ElementType,
  ) {}

  /** Adds a node whose first input is this value; where another input is in the body of a loop, so is the node. */
  op(
    op: string,
    others: readonly (Operand | undefined)[] = [],
    attributes: Readonly<Record<string, Attribute>> = {},
    type = this.type,
  ): Value {
    return this.ops(op, others, attributes, [type])[0];
  }

  /** The same of a node with several outputs. */
  ops(
    op: string,
    others: readonly (Operand | undefined)[],
    attributes: Readonly<Record<string, Attribute>>,
    types: readonly ElementType[],
  ): Value[] {
    const inputs = [
      this,
      ...others.map((other) => (typeof other === 'number' ? this.graph.constant(other, this.type) : other)),
    ];
    return innermost(inputs).node(op, inputs, types, attributes);
  }

  /** This plus another. */
  add(other: Operand): Value {
    return this.op('Add', [other]);
  }
  /** This less another. */
  sub(other: Operand): Value {
    return this.op('Sub', [other]);
  }
  /** This times another. */
  mul(other: Operand): Value {
    return this.op('Mul', [other]);
  }
  /** Whole numbers are cut off towards 0. */
  div(other: Operand): Value {
    return this.op('Div', [other]);
  }
  /** What a division leaves, with the sign of the divisor. */
  mod(other: Operand): Value {
    return this.op('Mod', [other]);
  }
  /** The smaller of both. */
  minimum(other: Operand): Value {
    return this.op('Min', [other]);
  }
  /** The larger of both. */
  maximum(other: Operand): Value {
    return this.op('Max', [other]);
  }
  /** The base to the power of this value. */
  asPowerOf(base: number): Value {
    return this.graph.constant(base, this.type).op('Pow', [this]);
  }
  /** The next whole number below. */
  floor(): Value {
    return this.op('Floor');
  }
  /** The next whole number above. */
  ceil(): Value {
    return this.op('Ceil');
  }
  /** Halves to the even number. */
  round(): Value {
    return this.op('Round');
  }
  /** Square root. */
  sqrt(): Value {
    return this.op('Sqrt');
  }
  /** e to the power of this value. */
  exp(): Value {
    return this.op('Exp');
  }
  /** Natural logarithm. */
  log(): Value {
    return this.op('Log');
  }
  /** 1 / (1 + e^-x) */
  sigmoid(): Value {
    return this.op('Sigmoid');
  }
  /** Shares along an axis that add up to 1. */
  softmax(axis: number): Value {
    return this.op('Softmax', [], { axis });
  }

  /** Condition: this is greater. */
  greater(other: Operand): Value {
    return this.op('Greater', [other], {}, 'bool');
  }
  /** Condition: this is greater, or they are equal. */
  greaterOrEqual(other: Operand): Value {
    return this.op('GreaterOrEqual', [other], {}, 'bool');
  }
  /** Condition: they are equal. */
  equal(other: Operand): Value {
    return this.op('Equal', [other], {}, 'bool');
  }
  /** Condition: both hold. */
  and(other: Value): Value {
    return this.op('And', [other]);
  }
  /** Of a condition: this or that. */
  select(yes: Value, no: Operand): Value {
    return this.op(
      'Where',
      [yes, typeof no === 'number' ? yes.graph.constant(no, yes.type) : no],
      {},
      yes.type,
    );
  }
  /** The same elements in another type. */
  cast(type: ElementType): Value {
    return type === this.type ? this : this.op('Cast', [], { to: ELEMENT_TYPES[type] }, type);
  }

  /** One side of the shape: int64, [1]. */
  side(axis: number): Value {
    return this.op('Shape', [], { start: axis, ...(axis !== -1 && { end: axis + 1 }) }, 'int64');
  }
  /** The shape: int64, [rank]. */
  shape(): Value {
    return this.op('Shape', [], {}, 'int64');
  }
  /** -1 is the side that is left. */
  reshape(sides: readonly Side[]): Value {
    return this.op('Reshape', [shapeOf(this, sides)]);
  }
  /** Repeats sides of 1. */
  expand(sides: readonly Side[]): Value {
    return this.op('Expand', [shapeOf(this, sides)]);
  }
  /** The axes in another order: axis `perm[k]` comes to place k. */
  transpose(perm: readonly number[]): Value {
    return this.op('Transpose', [], { perm });
  }
  /** New axes of 1, numbered as in the result. */
  unsqueeze(...axes: readonly number[]): Value {
    return this.op('Unsqueeze', [this.graph.constant(axes, 'int64')]);
  }
  /** Without axes of 1. */
  squeeze(...axes: readonly number[]): Value {
    return this.op('Squeeze', [this.graph.constant(axes, 'int64')]);
  }
  /** Elements start..end along an axis; to the last if `end` is left out. */
  slice(axis: number, start: number, end: Side = LAST): Value {
    const { graph } = this;
    const one = (side: Side): Value => (typeof side === 'number' ? graph.constant([side], 'int64') : side);
    return this.op('Slice', [one(start), one(end), graph.constant([axis], 'int64')]);
  }
  /** Elements at indices (int64) along an axis, in the place of which the shape of the indices comes. */
  gather(indices: Value, axis: number): Value {
    return this.op('Gather', [indices], { axis });
  }
  /** [N, M, ...] -> [N, K, ...]: of each image the elements at its own indices, int64 [N, K]. */
  gatherOfEach(indices: Value): Value {
    return this.op('GatherND', [indices.unsqueeze(2)], { batch_dims: 1 });
  }
  /** The largest, best first, of equals the lower index, and the indices, int64. @param k int64, [1] */
  topK(k: Value, axis: number): Largest {
    const [values, indices] = this.ops('TopK', [k], { axis }, [this.type, 'int64']);
    return { values, indices };
  }
  /** Sums along axes, which become 1. */
  sum(...axes: readonly number[]): Value {
    return this.op('ReduceSum', [this.graph.constant(axes, 'int64')]);
  }
  /** Averages along axes, which become 1. */
  mean(...axes: readonly number[]): Value {
    return this.op('ReduceMean', [], { axes });
  }
  /** Largest along axes, which become 1. */
  largest(...axes: readonly number[]): Value {
    return this.op('ReduceMax', [], { axes });
  }
  /** Indices of what is true in a list of conditions: int64 [K]. */
  whereTrue(): Value {
    return this.op('NonZero', [], {}, 'int64').squeeze(0);
  }
  /** 0, 1, 2, ... up to this: of an int64 value [1]. */
  range(): Value {
    const { graph } = this;
    const [zero, one] = [0, 1].map((value) => graph.constant(value, 'int64'));
    return zero.op('Range', [this.squeeze(0), one]);
  }
}

/** Values one after the other along an axis. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first, ...others] = values;
  return others.length === 0 ? first : first.op('Concat', others, { axis });
}

/**
 * Does something for one index after the other, and returns what has come of them all: where an index gives [A, B], there is
 * [count, A, B].
 *
 * @param count int64 [1], at least 1
 * @param make gets the index, an int64 scalar
 */
export function forEachIndex(count: Value, make: (index: Value) => readonly Value[]): Value[] {
  const body = count.graph.body();
  const index = body.input('index', 'int64');
  body.output(body.input('goes on', 'bool'));
  const results = make(index);
  for (const result of results) body.output(result);
  return count.squeeze(0).ops(
    'Loop',
    [undefined],
    { body },
    results.map(({ type }) => type),
  );
}

/** How ONNX numbers the types: TensorProto.DataType. */
export const ELEMENT_TYPES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

function shapeOf({ graph }: Value, sides: readonly Side[]): Value {
  if (sides.every((side) => typeof side === 'number')) return graph.constant(sides, 'int64');
  return concat(
    sides.map((side) => (typeof side === 'number' ? graph.constant([side], 'int64') : side)),
    0,
  );
}

function innermost(values: readonly (Value | undefined)[]): GraphBuilder {
  const graphs = values.flatMap((value) => (value ? [value.graph] : []));
  return graphs.reduce((deepest, graph) => (graph.depth > deepest.depth ? graph : deepest));
}
