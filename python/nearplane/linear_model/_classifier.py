"""`LinearClassifier`: scores that are linear in the features, learned from labelled rows."""

from typing import Any

from nearplane._storage import FilePath
from nearplane.linear_model._data import ClassWeight
from nearplane.linear_model._learning import LinearLearning
from nearplane.linear_model._schedules import Schedule
from nearplane.linear_model._storing import PersistentLinearModel


class LinearClassifier(LinearLearning, PersistentLinearModel):
    """Learn scores X W' + b, the highest of which is the label, by any of seven losses.

    It minimises the mean loss of the training rows plus a penalty on W. Without any argument it is
    a softmax classifier with defaults that suit raw pixels and small tables alike.

    Parameters
    ----------
    loss : str, default="softmax"
        "softmax", "hinge", "squared_hinge", "crammer_singer", "ovr_hinge", "ovr_logistic" or
        "squared_error": see `nearplane.losses`.
    penalty : {"l2", "l1", "elasticnet", None}, default="l2"
        alpha * sum W^2, alpha * sum |W|, or alpha * ((1 - l1_ratio) * sum W^2 + l1_ratio *
        sum |W|). There is no 1/2 in it, and it spares the intercept. "l1" makes weights exactly 0.
    alpha : float, default=0.003
        Strength of the penalty. W are the weights of the features as `preprocess` makes them.
    l1_ratio : float, default=0.15
        Part of "l1" in "elasticnet", 0 to 1.
    optimizer : {"sgd", "nesterov", "adagrad", "rmsprop", "adam"}, default="sgd"
        How a gradient becomes a step; "sgd" has `momentum` too.
    learning_rate : float or "auto", default="auto"
        Length of the steps. "auto" derives it from the size of the features, the loss and the batch
        size; see `learning_rate_`.
    schedule : str or callable, default="cosine"
        How the learning rate changes: "constant", "step", "exponential", "inverse_time", "cosine";
        an object such as ``StepDecay(every=10, factor=0.1)``; or a callable that is given the times
        of steps in epochs and the number of epochs, and returns a factor for each time.
    warmup_epochs : float, default=0
        The learning rate rises from near 0 within so many epochs; the schedule begins after that.
    momentum : float, default=0.9
        Of "sgd" and "nesterov"; for "adam" the decay of the mean gradient.
    decay : float, default=None
        Of the mean squared gradient of "rmsprop" and "adam". None: 0.9 and 0.999.
    epsilon : float, default=1e-8
        Added to the root of the squared gradients of "adagrad", "rmsprop" and "adam".
    batch_size : int or None, default=256
        The largest number of rows of a step; the steps of an epoch share its rows evenly. None:
        all rows, which is gradient descent.
    max_epochs : int, default=50
        Passes over the training rows; iterations of "lbfgs".
    tol : float, default=None
        Stop if none of `n_iter_no_change` epochs has lowered the loss by more than `tol`; None:
        never. For "lbfgs" the largest derivative at the optimum; None: 1e-6.
    preprocess : {"none", "center", "standardize"}, default="standardize"
        Whether the weights see the features as they are, minus their means, or divided by their
        standard deviations besides. It happens on the fly: `X` is neither copied nor changed.
    margin : float, default=1.0
        Of the hinge losses.
    class_reduction : {"sum", "mean"}, default="sum"
        Whether the loss of a row is divided by the number of classes.
    early_stopping : bool, default=False
        Stop if the accuracy on a validation set has not risen, nor its loss fallen at the same
        accuracy, for `n_iter_no_change` epochs, and keep the weights of the best epoch.
    validation_fraction : float, default=0.1
        Part of each class set aside for `early_stopping`, unless `fit` is given `X_val`.
    n_iter_no_change : int, default=5
        How long to wait for progress.
    class_weight : dict, "balanced" or None, default=None
        What the weights of a class's rows are multiplied by; 1 for classes not in the dict. A
        dict that names all classes may name others too. "balanced": inversely proportional to the
        class's part of the rows.
    fit_intercept : bool, default=True
        Whether to learn b. If not, the scores are 0 at the means that `preprocess` subtracts.
    shuffle : bool, default=True
        Whether to draw new batches in each epoch.
    warm_start : bool, default=False
        Whether `fit` continues from the weights it finds, and from the state of the optimizer if
        that is still the same one.
    solver : {"sgd", "lbfgs"}, default="sgd"
        "lbfgs" finds the exact optimum in float64, of a smooth loss with penalty "l2" or None;
        parameters of the optimizer and the batches do not count.
    record_steps : bool, default=False
        Whether to keep `step_history_`.
    checkpoint : str or path-like, default=None
        A file for the state of training. If `fit` was killed, by whatever, the same `fit` goes on
        from it, to the same weights as if nothing had happened; see Notes. Not for "lbfgs".
    random_state : int, RandomState or None, default=None
        Draws the batches and the validation set. The same seed gives the same weights to the last
        bit, for any `n_jobs`.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use (``OMP_NUM_THREADS``, threadpoolctl); -1:
        every usable processor; -2: all but one.
    verbose : bool, default=False
        Show a bar with the loss, if standard error is a terminal.

    Attributes
    ----------
    coef_ : ndarray of shape (n_classes, n_features), float64
        Of the raw features, whatever `preprocess` is: the scores are X @ coef_.T + intercept_.
    intercept_ : ndarray of shape (n_classes,), float64
        Likewise.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    history_ : dict of str to ndarray
        One entry an epoch in each: "epoch" (from 1), "loss" = "data_loss" + "penalty",
        "learning_rate", "train_accuracy", "validation_accuracy", "validation_loss" and
        "update_ratio". "data_loss" and "train_accuracy" are those of the batches when they were
        seen, before their update; "penalty" and the validation figures those at the end of the
        epoch, the latter NaN without a validation set; "update_ratio" is the mean over the steps of
        |change of W| / |W|. After divergence the last entry is that of the epoch in which it
        happened.
    step_history_ : dict of str to ndarray
        One entry a step: "step" (from 1), "data_loss", "learning_rate", "update_ratio". Only with
        `record_steps` and solver "sgd".
    learning_rate_ : float
        The base of the schedule; NaN for "lbfgs".
    n_iter_ : int
        Epochs run.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 1; 0 stands for those at the start.
    stop_reason_ : {"max_epochs", "early_stopping", "tol", "diverged", "interrupted"}
        Why training stopped; a callback interrupts it too.
    mean_, scale_ : ndarray of shape (n_features,), or None
        What `preprocess` subtracts and divides by; the scale of a constant feature is 1.
    image_shape_ : tuple of int
        Shape of one row as `fit` was given it, such as (32, 32, 3).
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.

    See Also
    --------
    nearplane.losses : The losses, as functions.

    Notes
    -----
    Weights are float32 for uint8 and float32 rows, else float64. If the loss grows without bounds,
    training stops with a `ConvergenceWarning` and keeps the weights of the epoch before. After
    Ctrl-C the estimator has the weights of the last finished step, or of the best epoch so far with
    `early_stopping`. With scikit-learn 1.9 and later
    it takes callbacks by ``set_callbacks``, for each of which an epoch is a task.

    `save` and `load` keep all that was fitted, the histories and the state of the optimizer
    included: training goes on by `warm_start` or `partial_fit` as it would have without the file.
    A schedule that is a function of the user's own cannot be stored.

    With `checkpoint`, `fit` writes the state of training to that file after the first epoch and
    then as often as takes no more than a twentieth of the time. Each file takes the place of the
    one before when it is complete. A `fit` that finds the file goes on from there: weights,
    histories and all else end up as they would have on that machine without the break, to the last
    bit; if `random_state` is None, with the batches of the training that was broken off. After
    Ctrl-C, too, `fit` goes on from the file. When training ends, the file is removed.

    If the file is damaged, or of another training, `fit` raises ValueError and leaves it alone.
    Another training is one with other rows, labels, weights of rows, parameters but `n_jobs`,
    `verbose` and the path, or weights to begin with. So trainings that run at the same time need a
    file each, and a search over parameters such as GridSearchCV none. `save` leaves the path out.
    Callbacks are told of the epochs that are left.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nearplane.linear_model import LinearClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LinearClassifier(random_state=0).fit(X[:1000], y[:1000])
    >>> bool(model.score(X[1000:], y[1000:]) > 0.9)
    True
    >>> model.coef_.shape, len(model.history_["loss"])
    ((10, 64), 50)
    """

    def __init__(
        self,
        loss: str = "softmax",
        *,
        penalty: str | None = "l2",
        alpha: float = 0.003,
        l1_ratio: float = 0.15,
        optimizer: str = "sgd",
        learning_rate: float | str = "auto",
        schedule: str | Schedule = "cosine",
        warmup_epochs: float = 0,
        momentum: float = 0.9,
        decay: float | None = None,
        epsilon: float = 1e-8,
        batch_size: int | None = 256,
        max_epochs: int = 50,
        tol: float | None = None,
        preprocess: str = "standardize",
        margin: float = 1.0,
        class_reduction: str = "sum",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: ClassWeight = None,
        fit_intercept: bool = True,
        shuffle: bool = True,
        warm_start: bool = False,
        solver: str = "sgd",
        record_steps: bool = False,
        checkpoint: FilePath | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup_epochs = warmup_epochs
        self.momentum = momentum
        self.decay = decay
        self.epsilon = epsilon
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.tol = tol
        self.preprocess = preprocess
        self.margin = margin
        self.class_reduction = class_reduction
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.solver = solver
        self.record_steps = record_steps
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
