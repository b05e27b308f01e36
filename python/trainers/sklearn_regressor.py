"""A random forest of scikit-learn, grown some trees at a time.

    python sklearn_regressor.py --data prices.parquet --target next_close --features close,volume --time day --rounds 20

Any regressor of scikit-learn with `warm_start` could stand here. Each step adds trees to the same forest; the
trees that are there stay as they are, so a forest that was interrupted grows on from its checkpoint to the very
same one.
"""

import joblib
import mlflow.sklearn
import sklearn
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestRegressor

import common

parser = common.parser(__doc__)
parser.add_argument("--rounds", type=int, default=20, help="steps; each grows more trees")
parser.add_argument("--trees", type=int, default=10, help="trees of one step")
parser.add_argument("--depth", type=int, default=12, help="questions in a row, at most")
parser.add_argument("--min-leaf", type=int, default=5, help="rows in a leaf, at least")
parser.add_argument(
    "--feature-share",
    type=float,
    default=1.0,
    help="share of the features that each question may choose from",
)
options = common.parse(parser)
train, validation = common.load(options)

with common.run(options):
    saved = common.checkpoint(options, "forest.joblib")
    forest = (
        joblib.load(saved)
        if saved.exists()
        else RandomForestRegressor(
            n_estimators=0,
            max_depth=options.depth,
            min_samples_leaf=options.min_leaf,
            max_features=options.feature_share,
            random_state=options.seed,
            warm_start=True,
            n_jobs=-1,
        )
    )
    rows = common.augment(train, options)
    for step in range(forest.n_estimators // options.trees, options.rounds):
        forest.set_params(n_estimators=(step + 1) * options.trees).fit(rows.X, rows.y, sample_weight=rows.weight)
        learned = common.errors("train", train, forest.predict(train.X))
        common.report(options, step, {**learned, **common.errors("val", validation, forest.predict(validation.X))})
        if (step + 1) % options.checkpoint_every == 0:
            with common.replacing(saved) as new:
                joblib.dump(forest, new)

    common.save(
        mlflow.sklearn,
        lambda: to_onnx(forest, train.X[:1]).SerializeToString(),
        forest.predict(validation.X),
        validation,
        common.feature_names(options),
        sk_model=forest,
        skops_trusted_types=["sklearn.tree._tree.Tree"],
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
