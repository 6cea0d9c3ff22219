// What set-up fetches, checks and builds: every version, hash and size in one place.

/** tfjs-node 4.22.0 calls `util.isNullOrUndefined`, which Node 23 has removed; the dependencies need 20.19. */
export const SUPPORTED_NODE = '>=20.19 <23';

/** The wheel's libraries are built for this platform alone. */
export const NATIVE_PLATFORM = 'linux-x64';

/**
 * A build of TensorFlow's C library, as a wheel on PyPI carries it.
 *
 * @typedef {object} Library
 * @property {string} requirement what pip is asked for
 * @property {string} wheel file name
 * @property {string} sha256 of the wheel, as PyPI states it
 * @property {number} wheelBytes size of the wheel
 * @property {number} neededBytes free disk space that the wheel and the unpacked libraries need together
 */

/** @type {Record<'cpu' | 'gpu', Library>} */
export const LIBRARIES = {
  cpu: {
    requirement: 'tensorflow-cpu==2.21.0',
    wheel: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    wheelBytes: 273_829_956,
    neededBytes: 1_300_000_000,
  },
  gpu: {
    requirement: 'tensorflow==2.21.0',
    wheel: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    wheelBytes: 572_440_367,
    neededBytes: 2_000_000_000,
  },
};

/**
 * The C library in the wheel does not depend on Python, so every machine takes the wheel of one Python version:
 * one file, one hash, whatever `python3` is installed.
 */
export const WHEEL_TAGS = [
  '--python-version=3.11',
  '--implementation=cp',
  '--abi=cp311',
  '--platform=manylinux_2_27_x86_64',
];

/** The entries of the wheel that the binding needs: the libraries, and the headers that its sources include. */
export const WHEEL_ENTRIES = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
];
