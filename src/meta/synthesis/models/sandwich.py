"""What is the covariance of coefficients if the model's own covariances are not to be trusted?

The bias-reduced sandwich CR2 with Satterthwaite's degrees of freedom, for any linear model whose
weights are the inverse of its working covariance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# eigenvalues below this share of the largest belong to directions that fitting has used up
_USED_UP = 1e-10


class Sandwich:
    r"""The cluster-robust covariance of generalised least squares.

    Parameters
    ----------
    y : numpy.ndarray of shape (k,)
        Effects.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    covariance : sequence of numpy.ndarray
        Working covariance of each cluster, in the order of ``codes``.
    codes : numpy.ndarray of shape (k,)
        Cluster of each effect, counted from 0.
    vcov : {"CR2", "CR1", "CR0"}
        How the residuals are enlarged: see Notes.

    Attributes
    ----------
    beta : numpy.ndarray of shape (p,)
        Coefficients by the working model.
    model_cov : numpy.ndarray of shape (p, p)
        Their covariance if the working model is right.
    cov : numpy.ndarray of shape (p, p)
        Their robust covariance.

    Notes
    -----
    CR0 takes the residuals as they are; CR1 multiplies the covariance by :math:`J / (J - p)` for J
    clusters; both have :math:`J - p` degrees of freedom. CR2: in cluster j, with the working
    covariance :math:`\Phi_j = D_j' D_j` (upper Cholesky factor) and
    :math:`M = (X' \Phi^{-1} X)^{-1}`, residuals are multiplied by

    .. math:: A_j = D_j' \left(D_j (\Phi_j - X_j M X_j') D_j'\right)^{-1/2} D_j,

    the root being symmetric; it is the one of the R package clubSandwich. The covariance is then
    unbiased if the working model is right (Pustejovsky and Tipton 2018).
    """

    def __init__(
        self,
        y: Matrix,
        X: Matrix,
        covariance: Sequence[Matrix],
        codes: NDArray[np.intp],
        vcov: str = "CR2",
    ) -> None:
        self.vcov, self.left_over = vcov, len(covariance) - X.shape[1]
        members = [np.flatnonzero(codes == code) for code in range(len(covariance))]
        weighted = [
            np.linalg.solve(phi, X[rows]) for phi, rows in zip(covariance, members, strict=True)
        ]
        parts = list(zip(weighted, members, strict=True))
        self.model_cov = np.linalg.inv(np.sum([X[rows].T @ wx for wx, rows in parts], axis=0))
        self.beta = self.model_cov @ np.sum([wx.T @ y[rows] for wx, rows in parts], axis=0)
        # rows of ``lever`` turn residuals into the share of a cluster in the coefficients
        self._levers, self._spread, self._used, meat = [], [], [], np.zeros_like(self.model_cov)
        for phi, wx, rows in zip(covariance, weighted, members, strict=True):
            lever = wx @ self.model_cov
            if vcov == "CR2":
                left = phi - X[rows] @ self.model_cov @ X[rows].T
                lever = _adjusted(phi, left).T @ lever
            share = lever.T @ (y[rows] - X[rows] @ self.beta)
            meat += np.outer(share, share)
            self._levers.append(lever)
            self._spread.append(lever.T @ phi @ lever)
            self._used.append(X[rows].T @ lever)
        self.cov = meat * (len(covariance) / self.left_over if vcov == "CR1" else 1.0)

    def dof(self, contrast: Matrix) -> float:
        """Return the degrees of freedom of a linear combination, shape (p,): Satterthwaite's."""
        if self.vcov != "CR2":
            return float(self.left_over)
        return 2 / float(self._variances(contrast[None, :])[0, 0])

    def wald_dof(self, contrasts: Matrix) -> float:
        """Return the degrees of freedom of Hotelling's T² for contrasts of shape (q, p).

        The approximation that Tipton and Pustejovsky (2015) call HTZ. The contrasts must be
        independent; for one it is Satterthwaite's.
        """
        q = len(contrasts)
        return q * (q + 1) / float(self._variances(contrasts).sum())

    def _variances(self, contrasts: Matrix) -> Matrix:
        """Variance of each entry of the estimated covariance, in units of its expectation."""
        values, vectors = np.linalg.eigh(contrasts @ self.model_cov @ contrasts.T)
        root = (vectors / np.sqrt(values)) @ vectors.T @ contrasts
        used = np.array([root @ part.T for part in self._used])  # (clusters, q, p)
        spread = [root @ part @ root.T for part in self._spread]
        # covariance between the shares of clusters i and j under the working model
        between = -np.einsum("isp,pr,jtr->ijst", used, self.model_cov, used)
        for number, part in enumerate(spread):
            between[number, number] += part
        alone = np.einsum("ijss->ijs", between)
        return np.asarray(
            np.einsum("ijs,ijt->st", alone, alone) + np.einsum("ijst,ijts->st", between, between)
        )


def _adjusted(phi: Matrix, left: Matrix) -> Matrix:
    """Return the matrix that enlarges the residuals of a cluster."""
    factor = np.linalg.cholesky(phi).T
    values, vectors = np.linalg.eigh(factor @ left @ factor.T)
    kept = values > _USED_UP * max(values.max(), np.finfo(float).tiny)
    inverse = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    return np.asarray(factor.T @ (vectors * inverse) @ vectors.T @ factor)
