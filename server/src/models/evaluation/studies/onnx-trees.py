"""Tree ensembles of several libraries as ONNX, with what onnxruntime gives for some rows: for onnx-trees.slow.test.ts."""

import json
import sys
import warnings

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

warnings.filterwarnings("ignore")
folder = sys.argv[1]
state = np.random.RandomState(4)
x = state.normal(size=(200, 4)).astype(np.float32)
y = x[:, 0] * x[:, 1] + np.sin(x[:, 2])
two, three = (y > 0).astype(int), np.digitize(y, [-0.5, 0.5])
small = {"n_estimators": 8, "max_depth": 3, "random_state": 1}
models = {
    "GradientBoostingRegressor": GradientBoostingRegressor(**small).fit(x, y),
    "ExtraTreesRegressor": ExtraTreesRegressor(**small).fit(x, y),
    "DecisionTreeRegressor": DecisionTreeRegressor(max_depth=4, random_state=1).fit(x, y),
    "GradientBoostingClassifier of two": GradientBoostingClassifier(**small).fit(x, two),
    "GradientBoostingClassifier of three": GradientBoostingClassifier(**small).fit(x, three),
    "RandomForestClassifier of two": RandomForestClassifier(**small).fit(x, two),
    "RandomForestClassifier of three": RandomForestClassifier(**small).fit(x, three),
    "a scaler before the trees": make_pipeline(StandardScaler(), GradientBoostingRegressor(**small)).fit(x, y),
    "no trees": LogisticRegression().fit(x, two),
}
found = []
for i, (name, model) in enumerate(models.items()):
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    path = f"{folder}/{i}.onnx"
    with open(path, "wb") as file:
        file.write(to_onnx(model, x[:1], options=options).SerializeToString())
    given = onnxruntime.InferenceSession(path).run(None, {"X": x})[-1]
    found.append({"name": name, "path": path, "given": np.atleast_2d(given.T).tolist()})
print(json.dumps({"columns": x.T.tolist(), "models": found}))
