/** Packages of Python that the peers need, as pip takes them: the versions that docs/performance.md compares with. */
export const packages = {
  torch: ['torch==2.14.1', 'torchvision==0.29.1'],
  onnx: ['onnx==1.23.2'],
  onnxRuntime: ['onnxruntime==1.32.0'],
  openVino: ['openvino==2026.4.1'],
  cocoEval: ['faster-coco-eval==1.8.0'],
  pillow: ['pillow==13.0.0'],
} as const;

export const allPackages: readonly string[] = Object.values(packages).flat();
