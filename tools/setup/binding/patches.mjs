// What is changed in the sources of tfjs-node 4.22.0 (Apache-2.0) that this project carries along, each change with its reason.
// A text that is to be replaced has to be there: another version of tfjs-node is not patched half.

/**
 * @typedef {object} Patch
 * @property {RegExp} file whose path in the package this matches
 * @property {boolean} [anywhere] files without anything to replace are fine
 * @property {string | RegExp} find
 * @property {string} replace
 */

/** @type {Patch[]} */
export const PATCHES = [
  // The kernels need tfjs-core alone. `@tensorflow/tfjs` would bring layers, converter, data and WebGL: 230 MB.
  {
    file: /\.(js|d\.ts)$/,
    anywhere: true,
    find: /(["'])@tensorflow\/tfjs\1/g,
    replace: '"@tensorflow/tfjs-core"',
  },

  // Node 23 has removed these helpers of `util`.
  {
    file: /^(nodejs_kernel_backend|kernels\/TopK)\.js$/,
    find: /\(0, util_1\.isNullOrUndefined\)\((\w+)\)/g,
    replace: '($1 == null)',
  },
  { file: /^nodejs_kernel_backend\.js$/, find: '(0, util_1.isArray)(', replace: 'Array.isArray(' },

  // Histograms for TensorBoard need google-protobuf. This project writes its own event files.
  { file: /^nodejs_kernel_backend\.js$/, find: "var messages = require('./proto/api_pb');\n", replace: '' },
  {
    file: /^nodejs_kernel_backend\.js$/,
    find: /( {4}NodeJSKernelBackend\.prototype\.writeHistogramSummary = )[^]*?(?= {4}NodeJSKernelBackend\.prototype\.flushSummaryWriter)/,
    replace:
      "$1function () {\n        throw new Error('histogram summaries are not part of this copy of tfjs-node');\n    };\n",
  },

  // Attributes that are lists of strings, as the names of what a fused convolution does besides.
  {
    file: /^binding\/tfjs_backend\.cc$/,
    find: `    case TF_ATTR_STRING: {
`,
    replace: `    case TF_ATTR_STRING: {
      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<std::string> strings(length);
        std::vector<const void *> values(length);
        std::vector<size_t> lengths(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          nstatus = GetStringParam(env, element, strings[i]);
          ENSURE_NAPI_OK(env, nstatus);
          values[i] = strings[i].data();
          lengths[i] = strings[i].size();
        }
        TFE_OpSetAttrStringList(tfe_op, attr_name, values.data(), lengths.data(),
                                static_cast<int>(length));
        break;
      }
`,
  },

  // Attributes that are lists of types, as those of the further inputs of a fused convolution.
  {
    file: /^binding\/tfjs_backend\.cc$/,
    find: `    case TF_ATTR_TYPE: {
`,
    replace: `    case TF_ATTR_TYPE: {
      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<TF_DataType> types(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          int32_t type;
          nstatus = napi_get_value_int32(env, element, &type);
          ENSURE_NAPI_OK(env, nstatus);
          types[i] = static_cast<TF_DataType>(type);
        }
        TFE_OpSetAttrTypeList(tfe_op, attr_name, types.data(),
                              static_cast<int>(length));
        break;
      }
`,
  },

  // Detectors may run in several worker threads, each with a context of its own; the names of attributes were all that they shared.
  {
    file: /^binding\/tfjs_backend\.cc$/,
    find: 'static std::set<std::string> ATTR_NAME_SET;',
    replace: 'static thread_local std::set<std::string> ATTR_NAME_SET;',
  },

  // Kernels of kept filters hold a copy of them in their own order; when a detector is disposed, they are to go.
  {
    file: /^binding\/tfjs_backend\.h$/,
    find: `class TFJSBackend {
 public:
`,
    replace: `class TFJSBackend {
 public:
  // Frees the kernels that have run, which are made anew when they are needed.
  void ClearKernels() { TFE_ContextClearCaches(tfe_context_); }

`,
  },
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: 'static napi_value InitTFNodeJSBinding(',
    replace: `static napi_value ClearKernels(napi_env env, napi_callback_info info) {
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (backend) backend->ClearKernels();
  return nullptr;
}

static napi_value InitTFNodeJSBinding(`,
  },
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: '      {"loadSavedModel",',
    replace: `      {"clearKernels", nullptr, ClearKernels, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      {"loadSavedModel",`,
  },
  {
    file: /^tfjs_binding\.d\.ts$/,
    find: '    loadSavedModel(',
    replace: '    clearKernels(): void;\n    loadSavedModel(',
  },

  // Sums over a group of processes, which wait for the others beside the thread of JavaScript: cluster.cc.
  {
    file: /^binding\/tfjs_backend\.h$/,
    find: `class TFJSBackend {
 public:
`,
    replace: `class TFJSBackend {
 public:
  napi_value SumOverCluster(napi_env env, const napi_value *args);
  void AbortCluster();

`,
  },
  {
    file: /^binding\/tfjs_backend\.h$/,
    find: '  TFE_Context *tfe_context_;\n',
    replace:
      '  static void FinishSum(napi_env env, napi_status status, void *data);\n\n  TFE_Context *tfe_context_;\n',
  },
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: 'static napi_value InitTFNodeJSBinding(',
    replace: `static napi_value SumOverCluster(napi_env env, napi_callback_info info) {
  size_t argc = 3;
  napi_value args[3];
  napi_status nstatus = napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  TFJSBackend *const backend = GetTFJSBackend(env);
  return backend && argc == 3 ? backend->SumOverCluster(env, args) : nullptr;
}

static napi_value AbortCluster(napi_env env, napi_callback_info info) {
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (backend) backend->AbortCluster();
  return nullptr;
}

static napi_value InitTFNodeJSBinding(`,
  },
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: '      {"loadSavedModel",',
    replace: `      {"sumOverCluster", nullptr, SumOverCluster, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      {"abortCluster", nullptr, AbortCluster, nullptr, nullptr, nullptr,
       napi_default, nullptr},
      {"loadSavedModel",`,
  },
  {
    file: /^tfjs_binding\.d\.ts$/,
    find: '    loadSavedModel(',
    replace: `    sumOverCluster(tensorId: number, size: number, key: number): Promise<TensorMetadata>;
    abortCluster(): void;
    loadSavedModel(`,
  },

  // A context that can join a group of processes: cluster.cc. What keeps it from being made is said, and nothing goes on without it.
  {
    file: /^binding\/tfjs_backend\.cc$/,
    find: 'namespace tfnodejs {\n',
    replace: 'void join_cluster(TFE_Context *context, TF_Status *status);\n\nnamespace tfnodejs {\n',
  },
  {
    file: /^binding\/tfjs_backend\.cc$/,
    find: `  tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);
  if (TF_GetCode(tf_status.status) != TF_OK) {
    NAPI_THROW_ERROR(env, "Exception creating TFE_Context");
  }
`,
    replace: `  tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);
  if (TF_GetCode(tf_status.status) == TF_OK) join_cluster(tfe_context_, tf_status.status);
  if (TF_GetCode(tf_status.status) != TF_OK) {
    NAPI_THROW_ERROR(env, "Exception creating TFE_Context: %s", TF_Message(tf_status.status));
    return;
  }
`,
  },

  // What this project does when the library has been loaded: start.cc.
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: 'namespace tfnodejs {\n',
    replace: 'void on_library_loaded();\n\nnamespace tfnodejs {\n',
  },
  {
    file: /^binding\/tfjs_binding\.cc$/,
    find: '  TFJSBackend *const backend = TFJSBackend::Create(env);\n  ENSURE_VALUE_IS_NOT_NULL_RETVAL(env, backend, nullptr);\n',
    replace:
      '  TFJSBackend *const backend = TFJSBackend::Create(env);\n  ENSURE_VALUE_IS_NOT_NULL_RETVAL(env, backend, nullptr);\n  on_library_loaded();\n',
  },
];

/**
 * @param {string} name of a file, from the package's folder or its `dist`
 * @param {string} text
 * @returns {string}
 * @throws {Error} where a patch of that file finds nothing to replace
 */
export function patched(name, text) {
  const stated = '// Changed for this project: see tools/setup/binding/patches.mjs of its repository.\n';
  let result = text;
  for (const { file, anywhere, find, replace } of PATCHES) {
    if (!file.test(name)) continue;
    const next = result.replace(find, replace);
    if (next === result && !anywhere) throw new Error(`${name} has nothing to replace that is like ${find}`);
    result = next;
  }
  return result === text ? text : stated + result;
}
