"""Support vector regression: few rows, smooth answers.

    python svr.py --data prices.parquet --target next_close --features close,volume --time day --c 10

It has no epochs. Its steps are fits on more and more of the newest training rows, each on twice as many as the
one before and the last on all. A fit costs about the square of its rows, so all steps together cost a third more
than the last alone, and a sweep can end a poor trial after the cheap ones.
"""

import mlflow.sklearn
import sklearn
from skl2onnx import to_onnx
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

import common

parser = common.parser(__doc__)
parser.add_argument("--rounds", type=int, default=4, help="fits; each on twice as many rows as the one before")
parser.add_argument("--kernel", choices=["rbf", "linear", "poly", "sigmoid"], default="rbf")
parser.add_argument("--c", type=float, default=1.0, help="price of an error, in standard deviations of the target")
parser.add_argument(
    "--epsilon",
    type=float,
    default=0.05,
    help="errors below it are free, in standard deviations of the target",
)
parser.add_argument("--gamma", type=float, default=0.1, help="width of the kernel, on features scaled to deviation 1")
options = common.parse(parser)
train, validation = common.load(options)

with common.run(options):
    spread = float(train.y.std()) or 1.0
    for step in range(options.rounds):
        newest = train[-(-len(train) // 2 ** (options.rounds - 1 - step)) * -1 :]
        rows = common.augment(newest, options)
        machine = SVR(
            kernel=options.kernel, C=options.c * spread, epsilon=options.epsilon * spread, gamma=options.gamma
        )
        model = make_pipeline(StandardScaler(), machine).fit(rows.X, rows.y, svr__sample_weight=rows.weight)
        answers = model.predict(validation.X)
        learned = common.errors("train", newest, model.predict(newest.X))
        common.report(options, step, {**learned, **common.errors("val", validation, answers), "rows": len(newest)})

    # ONNX adds up thousands of support vectors in single precision, scikit-learn in double.
    common.save(
        mlflow.sklearn,
        lambda: to_onnx(model, train.X[:1]).SerializeToString(),
        answers,
        validation,
        common.feature_names(options),
        tolerance=1e-3,
        sk_model=model,
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
