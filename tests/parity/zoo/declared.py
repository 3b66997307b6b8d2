"""torchvision's wheels are built for CUDA: beside a CPU build of PyTorch its compiled operators do not load, and
without their declarations neither it nor transformers can be imported. No reference uses them. Import this first."""

import torch

_LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for _name in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, _name):
        _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
