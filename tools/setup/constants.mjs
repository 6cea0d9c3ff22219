// What set-up needs, and takes from a wheel. The wheels themselves: libraries.cjs.

/** util.parseArgs, worker threads' environment and the dependencies need 20.19. */
export const OLDEST_NODE = '20.19';

/**
 * The C library in the wheel does not depend on Python, so every machine takes the wheel of one Python version:
 * one file, one hash, whatever `python3` is installed.
 */
export const WHEEL_TAGS = ['--python-version=3.11', '--implementation=cp', '--abi=cp311'];

/** The entries of the wheel that the binding needs: the libraries, and the headers that its sources include. */
export const WHEEL_ENTRIES = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
];
