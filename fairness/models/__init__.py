"""Models of rows, where counts are not enough."""

from fairness.models.joint_proxy import JointProxy, fit_joint_proxy, joint_findings

__all__ = ["JointProxy", "fit_joint_proxy", "joint_findings"]
