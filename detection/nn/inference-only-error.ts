import { InputError } from '../errors';

/** A model that was prepared for inference is to be trained, saved or given other weights. */
export class InferenceOnlyError extends InputError {
  override readonly name = 'InferenceOnlyError';

  /** @internal */
  constructor() {
    super(
      'inference-only',
      'this model has been prepared for inference and has its weights no more, only what detecting needs of them: to train it, ' +
        'save it or load other weights, use a model that prepareForInference has not been called on',
    );
  }
}
