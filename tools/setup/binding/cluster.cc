// A process may be one of a group whose members add up tensors by TensorFlow's collectives (CollectiveReduceV2), as
// tf.distribute.MultiWorkerMirroredStrategy does. They have to know each other before the context's devices are asked for, so
// the group is named by an environment variable: FASTER_RCNN_CLUSTER, a tensorflow.ServerDef in protobuf's text format.
//
// TensorFlow's server listens on all interfaces, without authentication: for private networks only.

#include <cstdlib>

#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api.h"

void join_cluster(TFE_Context* context, TF_Status* status) {
  const char* cluster = std::getenv("FASTER_RCNN_CLUSTER");
  if (!cluster) return;
  TF_Buffer* server = TFE_GetServerDef(cluster, status);
  if (TF_GetCode(status) != TF_OK) return;
  TFE_EnableCollectiveOps(context, server->data, server->length, status);
  TF_DeleteBuffer(server);
}
