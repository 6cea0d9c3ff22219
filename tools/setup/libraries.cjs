// TensorFlow's C library, which wheels on PyPI carry: every version, hash and size in one place.

/**
 * A build of the library.
 *
 * @typedef {object} Library
 * @property {string} requirement what pip is asked for
 * @property {string} platform of the wheel: part of its name
 * @property {string} sha256 of the wheel, as PyPI states it
 * @property {number} wheelBytes size of the wheel
 * @property {number} neededBytes free disk space that the wheel and the unpacked libraries need together
 */

/** @typedef {'cpu' | 'gpu'} Variant */

/** By `process.platform` and `process.arch`. A platform without a build for GPUs has none. */
/** @type {Record<string, { cpu: Library, gpu?: Library }>} */
const LIBRARIES = {
  'linux-x64': {
    cpu: {
      requirement: 'tensorflow-cpu==2.21.0',
      platform: 'manylinux_2_27_x86_64',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      wheelBytes: 273_829_956,
      neededBytes: 1_300_000_000,
    },
    gpu: {
      requirement: 'tensorflow==2.21.0',
      platform: 'manylinux_2_27_x86_64',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      wheelBytes: 572_440_367,
      neededBytes: 2_000_000_000,
    },
  },
  'linux-arm64': {
    cpu: {
      requirement: 'tensorflow==2.21.0',
      platform: 'manylinux_2_27_aarch64',
      sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
      wheelBytes: 281_828_020,
      neededBytes: 1_300_000_000,
    },
  },
};

module.exports = { LIBRARIES };
