// A process may be one of a group whose members add up tensors by TensorFlow's collectives (CollectiveReduceV2), as
// tf.distribute.MultiWorkerMirroredStrategy does. They have to know each other before the context's devices are asked for, so
// the group is named by environment variables: FASTER_RCNN_CLUSTER, a tensorflow.ServerDef in protobuf's text format, and
// FASTER_RCNN_CLUSTER_PEERS, "PORT ADDRESS...": the port of this process' server, and who may connect to it.
//
// TensorFlow's server listens on all interfaces, without authentication, and does what it is told. So its socket gets a filter that
// lets packets of the group's IPv4 addresses through and drops all others.

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api.h"
#include "tensorflow/c/eager/c_api_experimental.h"
#include "tfjs_backend.h"
#include "utils.h"

namespace {

// Accepts packets from these addresses (in the host's byte order), and no others.
std::vector<sock_filter> filter_of(const std::vector<uint32_t>& addresses) {
  const auto at_network = [](int offset) { return static_cast<uint32_t>(SKF_NET_OFF + offset); };
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at_network(0)),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 1, 0),  // the version of IP
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_network(12)),  // the sender
  };
  for (const uint32_t address : addresses) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, address, 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  return program;
}

// Whether a descriptor is a TCP socket that listens on a port.
bool listens_on(int descriptor, int port) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens) return false;
  sockaddr_storage address{};
  size = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port) == port;
  return address.ss_family == AF_INET6 && ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port) == port;
}

// Of "PORT ADDRESS...". Whether every socket that listens on the port lets in nobody else.
bool restrict_server(const char* peers) {
  std::istringstream words(peers);
  int port = 0;
  words >> port;
  std::vector<uint32_t> addresses;
  for (std::string word; words >> word;) {
    in_addr address{};
    if (inet_pton(AF_INET, word.c_str(), &address) != 1) return false;
    addresses.push_back(ntohl(address.s_addr));
  }
  std::vector<sock_filter> instructions = filter_of(addresses);
  const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
  DIR* descriptors = opendir("/proc/self/fd");
  if (!descriptors) return false;
  bool found = false, attached = true;
  while (const dirent* entry = readdir(descriptors)) {
    const int descriptor = std::atoi(entry->d_name);
    if (descriptor == 0 || !listens_on(descriptor, port)) continue;
    found = true;
    attached &= setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  }
  closedir(descriptors);
  return found && attached;
}

}  // namespace

void join_cluster(TFE_Context* context, TF_Status* status) {
  const char* cluster = std::getenv("FASTER_RCNN_CLUSTER");
  if (!cluster) return;
  TF_Buffer* server = TFE_GetServerDef(cluster, status);
  if (TF_GetCode(status) != TF_OK) return;
  TFE_EnableCollectiveOps(context, server->data, server->length, status);
  TF_DeleteBuffer(server);
  const char* peers = std::getenv("FASTER_RCNN_CLUSTER_PEERS");
  if (TF_GetCode(status) == TF_OK && peers && !restrict_server(peers)) {
    TF_SetStatus(status, TF_FAILED_PRECONDITION,
                 "the port of TensorFlow's server cannot be closed to other machines: the system has no socket filters");
  }
}

namespace tfnodejs {

namespace {

// One sum on its way: made and ended by the thread of JavaScript, run by another one.
struct ClusterSum {
  TFJSBackend* backend;
  TFE_Context* context;
  TFE_TensorHandle* inputs[4] = {};  // own, group's size, group's key, key of the sum
  TFE_TensorHandle* output = nullptr;
  std::string error;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;

  ~ClusterSum() {
    for (TFE_TensorHandle* input : inputs)
      if (input) TFE_DeleteTensorHandle(input);
  }
};

TFE_TensorHandle* scalar_handle(int32_t value, TF_Status* status) {
  TF_Tensor* tensor = TF_AllocateTensor(TF_INT32, nullptr, 0, sizeof value);
  std::memcpy(TF_TensorData(tensor), &value, sizeof value);
  TFE_TensorHandle* handle = TFE_NewTensorHandle(tensor, status);
  TF_DeleteTensor(tensor);
  return handle;
}

void run_sum(napi_env, void* data) {
  auto* sum = static_cast<ClusterSum*>(data);
  TF_Status* status = TF_NewStatus();
  TFE_Op* op = TFE_NewOp(sum->context, "CollectiveReduceV2", status);
  if (op) {
    TFE_OpSetAttrType(op, "T", TFE_TensorHandleDataType(sum->inputs[0]));
    TFE_OpSetAttrInt(op, "Nordering_token", 0);
    TFE_OpSetAttrString(op, "merge_op", "Add", 3);
    TFE_OpSetAttrString(op, "final_op", "Id", 2);
    for (TFE_TensorHandle* input : sum->inputs)
      if (TF_GetCode(status) == TF_OK) TFE_OpAddInput(op, input, status);
    int outputs = 1;
    if (TF_GetCode(status) == TF_OK) TFE_Execute(op, &sum->output, &outputs, status);
    TFE_DeleteOp(op);
  }
  if (TF_GetCode(status) != TF_OK) sum->error = TF_Message(status);
  TF_DeleteStatus(status);
}

}  // namespace

napi_value TFJSBackend::SumOverCluster(napi_env env, const napi_value* args) {
  int32_t numbers[3];  // the tensor's id, the group's size, the key of the sum
  for (int i = 0; i < 3; ++i) {
    napi_status nstatus = napi_get_value_int32(env, args[i], &numbers[i]);
    ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  }
  const auto entry = tfe_handle_map_.find(numbers[0]);
  if (entry == tfe_handle_map_.end()) {
    NAPI_THROW_ERROR(env, "Tensor ID not referenced (tensor_id: %d)", numbers[0]);
    return nullptr;
  }
  auto* sum = new ClusterSum{this, tfe_context_};
  TF_Status* status = TF_NewStatus();
  // The tensor may be disposed meanwhile.
  sum->inputs[0] = TFE_TensorHandleCopySharingTensor(entry->second, status);
  sum->inputs[1] = scalar_handle(numbers[1], status);
  sum->inputs[2] = scalar_handle(1, status);
  sum->inputs[3] = scalar_handle(numbers[2], status);
  TF_DeleteStatus(status);
  napi_value promise, name;
  napi_create_promise(env, &sum->deferred, &promise);
  napi_create_string_utf8(env, "SumOverCluster", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, nullptr, name, run_sum, FinishSum, sum, &sum->work);
  napi_queue_async_work(env, sum->work);
  return promise;
}

void TFJSBackend::FinishSum(napi_env env, napi_status, void* data) {
  auto* sum = static_cast<ClusterSum*>(data);
  if (sum->error.empty()) {
    napi_resolve_deferred(env, sum->deferred, sum->backend->GenerateOutputTensorInfo(env, sum->output));
  } else {
    napi_value message, error;
    napi_create_string_utf8(env, sum->error.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_reject_deferred(env, sum->deferred, error);
  }
  napi_delete_async_work(env, sum->work);
  delete sum;
}

// Sums that are under way, and all that follow, fail.
void TFJSBackend::AbortCluster() {
  TF_Status* reason = TF_NewStatus();
  TF_SetStatus(reason, TF_ABORTED, "the group of processes is given up");
  TFE_AbortCollectiveOps(tfe_context_, reason);
  TF_DeleteStatus(reason);
}

}  // namespace tfnodejs
