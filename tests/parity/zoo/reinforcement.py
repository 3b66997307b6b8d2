"""Q-networks, policies, and actor-critic in plain PyTorch."""

from __future__ import annotations

import torch
from torch import nn

from tests.parity.zoo.case import Case


def layer_init(layer: nn.Module, gain: float = 2**0.5) -> nn.Module:
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


def frames_to_features(frames: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(frames, 32, kernel_size=8, stride=4),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=4, stride=2),
        nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, stride=1),
        nn.ReLU(),
    )


class NatureDQN(nn.Module):
    def __init__(self, actions: int = 18, hidden: int = 512, side: int = 7) -> None:
        super().__init__()
        self.features = frames_to_features(4)
        self.head = nn.Sequential(nn.Linear(64 * side**2, hidden), nn.ReLU(), nn.Linear(hidden, actions))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(image).view(image.size(0), -1))


class DuelingDQN(nn.Module):
    def __init__(self, actions: int = 18, hidden: int = 512, side: int = 7) -> None:
        super().__init__()
        self.features = frames_to_features(4)
        self.value = nn.Sequential(nn.Linear(64 * side**2, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.advantage = nn.Sequential(nn.Linear(64 * side**2, hidden), nn.ReLU(), nn.Linear(hidden, actions))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        h = self.features(image).flatten(start_dim=1)
        advantage = self.advantage(h)
        return self.value(h) + (advantage - advantage.mean(dim=1, keepdim=True))


class DiscretePolicy(nn.Module):
    def __init__(self, observations: int = 4, actions: int = 2, hidden: int = 64) -> None:
        super().__init__()
        self.policy = nn.Sequential(
            layer_init(nn.Linear(observations, hidden)),
            nn.Tanh(),
            layer_init(nn.Linear(hidden, hidden)),
            nn.Tanh(),
            layer_init(nn.Linear(hidden, actions), 0.01),
        )

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        return self.policy(observation)


class GaussianPolicy(nn.Module):
    def __init__(self, observations: int = 17, actions: int = 6, hidden: int = 64) -> None:
        super().__init__()
        self.policy = nn.Sequential(
            layer_init(nn.Linear(observations, hidden)),
            nn.Tanh(),
            layer_init(nn.Linear(hidden, hidden)),
            nn.Tanh(),
            layer_init(nn.Linear(hidden, actions), 0.01),
        )
        self.log_std = nn.Parameter(torch.zeros(1, actions))

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = self.policy(observation)
        action = torch.distributions.Normal(mean, self.log_std.expand_as(mean).exp())
        return action.mean, action.stddev


class ActorCritic(nn.Module):
    def __init__(self, actions: int = 18, hidden: int = 512, side: int = 7) -> None:
        super().__init__()
        self.network = nn.Sequential(
            layer_init(nn.Conv2d(4, 32, 8, stride=4)),
            nn.ReLU(),
            layer_init(nn.Conv2d(32, 64, 4, stride=2)),
            nn.ReLU(),
            layer_init(nn.Conv2d(64, 64, 3, stride=1)),
            nn.ReLU(),
            nn.Flatten(),
            layer_init(nn.Linear(64 * side**2, hidden)),
            nn.ReLU(),
        )
        self.actor = layer_init(nn.Linear(hidden, actions), 0.01)
        self.critic = layer_init(nn.Linear(hidden, 1), 1.0)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = self.network(image)
        return self.actor(h), self.critic(h).flatten()


FRAMES = {"actions": 5, "size": 44, "hidden": 8}
CASES = [
    Case("dqn:NatureDQN", lambda: NatureDQN(5, 8, 2), {"N": 2}, FRAMES),
    Case("dqn:DuelingDQN", lambda: DuelingDQN(5, 8, 2), {"N": 2}, FRAMES),
    Case(
        "policy:DiscretePolicy",
        lambda: DiscretePolicy(4, 3, 8),
        {"N": 3},
        {"actions": 3, "hidden": [8, 8]},
    ),
    Case(
        "policy:GaussianPolicy",
        lambda: GaussianPolicy(5, 3, 8),
        {"N": 3},
        {"observations": 5, "actions": 3, "hidden": [8, 8]},
    ),
    Case("policy:ActorCritic", lambda: ActorCritic(5, 8, 2), {"N": 2}, FRAMES),
]
COUNTED = {
    "dqn:NatureDQN": NatureDQN,
    "dqn:DuelingDQN": DuelingDQN,
    "policy:DiscretePolicy": DiscretePolicy,
    "policy:GaussianPolicy": GaussianPolicy,
    "policy:ActorCritic": ActorCritic,
}
