import {
  Value,
  type Attribute,
  type ElementType,
  type GraphBuilder,
  type GraphTensor,
  type LoopBody,
  type Subgraph,
} from './value';

/** An operator and what it is applied to. */
export interface GraphNode {
  /** ONNX's name of the operator. */
  readonly op: string;
  /** Unique in the whole graph. */
  readonly name: string;
  /** Names of values; '' for one that is left out. */
  readonly inputs: readonly string[];
  /** Names of the values that it makes. */
  readonly outputs: readonly string[];
  /** By name. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** What goes into a graph, or comes out of it. */
export interface Port {
  /** Name of the value. */
  readonly name: string;
  /** Of its elements. */
  readonly type: ElementType;
  /** Its sides; those that differ from run to run have names. Absent: nothing is said of them. */
  readonly shape?: readonly (number | string)[];
}

/** An ONNX graph while it is being built, or the body of a loop in one. Whoever has a value of it adds nodes (`Value`). */
export class Graph implements GraphBuilder, Subgraph {
  readonly kind = 'graph';
  readonly depth: number = 0;
  /** In an order in which they can be computed. */
  readonly nodes: GraphNode[] = [];
  /** What goes in. */
  readonly inputs: Port[] = [];
  /** What comes out. */
  readonly outputs: Port[] = [];
  /** Constants by name; those of the bodies of loops, too. */
  readonly tensors = new Map<string, GraphTensor>();
  private readonly constants = new Map<string, Value>();
  private readonly weights = new Map<object, unknown>();
  private numNames = 0;

  /** @param parameterNames names of the model's parameters */
  constructor(private readonly parameterNames: ReadonlyMap<object, string> = new Map()) {}

  /** Adds an input. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.inputs.push({ name, type, shape });
    return new Value(this, name, type);
  }

  /** Makes a value an output. */
  output(name: string, value: Value, shape: readonly (number | string)[]): void {
    this.nodes.push({
      op: 'Identity',
      name: `output ${name}`,
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
    this.outputs.push({ name, type: value.type, shape });
  }

  body(): GraphBody {
    return new GraphBody(this, this.depth + 1);
  }

  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    types: readonly ElementType[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    return this.nodeIn(this, op, inputs, types, attributes);
  }

  /** @internal The same in the body of a loop. */
  nodeIn(
    graph: GraphBuilder & Pick<Graph, 'nodes'>,
    op: string,
    inputs: readonly (Value | undefined)[],
    types: readonly ElementType[],
    attributes: Readonly<Record<string, Attribute>>,
  ): Value[] {
    const name = this.newName(op);
    const outputs = types.map((type, i) => new Value(graph, i === 0 ? name : `${name}:${i}`, type));
    graph.nodes.push({
      op,
      name,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: outputs.map((output) => output.name),
      attributes,
    });
    return outputs;
  }

  constant(value: number | readonly number[], type: ElementType): Value {
    const key = `${type} ${JSON.stringify(value)}`;
    let known = this.constants.get(key);
    if (!known) {
      const list = typeof value === 'number' ? [value] : value;
      const shape = typeof value === 'number' ? [] : [list.length];
      known = this.tensor(key, { type, shape, data: ARRAYS[type](list) });
      this.constants.set(key, known);
    }
    return known;
  }

  tensor(wanted: string, tensor: GraphTensor): Value {
    const name = this.tensors.has(wanted) ? this.newName(wanted) : wanted;
    this.tensors.set(name, tensor);
    return new Value(this, name, tensor.type);
  }

  stored<Weights>(owner: object, make: () => Weights): Weights {
    if (!this.weights.has(owner)) this.weights.set(owner, make());
    return this.weights.get(owner) as Weights;
  }

  nameOf(parameter: object): string {
    return this.parameterNames.get(parameter) ?? 'weight';
  }

  /** @internal A name that nothing else has. */
  newName(of: string): string {
    return `${of} ${this.numNames++}`;
  }
}

/** The body of a loop. Constants and weights are the whole graph's. */
export class GraphBody implements LoopBody {
  readonly kind = 'graph';
  readonly nodes: GraphNode[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];

  /** @internal */
  constructor(
    private readonly outer: Graph,
    readonly depth: number,
  ) {}

  input(wanted: string, type: ElementType): Value {
    const name = this.outer.newName(wanted);
    this.inputs.push({ name, type, shape: [] });
    return new Value(this, name, type);
  }

  output(value: Value): void {
    const [{ name, type }] = this.node('Identity', [value], [value.type]);
    this.outputs.push({ name, type });
  }

  body(): GraphBody {
    return new GraphBody(this.outer, this.depth + 1);
  }

  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    types: readonly ElementType[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    return this.outer.nodeIn(this, op, inputs, types, attributes);
  }
  constant(value: number | readonly number[], type: ElementType): Value {
    return this.outer.constant(value, type);
  }
  tensor(name: string, tensor: GraphTensor): Value {
    return this.outer.tensor(name, tensor);
  }
  stored<Weights>(owner: object, make: () => Weights): Weights {
    return this.outer.stored(owner, make);
  }
  nameOf(parameter: object): string {
    return this.outer.nameOf(parameter);
  }
}

const ARRAYS: Readonly<Record<ElementType, (values: readonly number[]) => GraphTensor['data']>> = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  int8: (values) => Int8Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => BigInt64Array.from(values, (value) => BigInt(value)),
  bool: (values) => Uint8Array.from(values),
};
