"""The same training as one plain Keras script; it imports nothing of the project.

usage: plain_keras.py MNIST.npz RECIPE.json FOLDER

RECIPE.json is what `kedro run` recorded as `training`; the model is saved into FOLDER.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split

mnist_file, recipe_file, folder = map(Path, sys.argv[1:])
recipe = json.loads(recipe_file.read_text())

with np.load(mnist_file) as mnist:
    x_train, y_train = mnist["x_train"], mnist["y_train"]
    x_test, y_test = mnist["x_test"], mnist["y_test"]

x_train = np.divide(x_train[..., np.newaxis], 255, dtype=np.float32)
x_test = np.divide(x_test[..., np.newaxis], 255, dtype=np.float32)
labels = y_train
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

train, validation = train_test_split(
    np.arange(len(labels)),
    test_size=recipe["validation_images"],
    stratify=labels,
    random_state=recipe["seed"],
)
keras.utils.set_random_seed(recipe["seed"])
layers = [keras.layers.Input((28, 28, 1))]
for filters in recipe["network"]["filters"]:
    layers += [
        keras.layers.Conv2D(
            filters, recipe["network"]["kernel_size"], activation="relu"
        ),
        keras.layers.MaxPooling2D(2),
    ]
layers += [
    keras.layers.Flatten(),
    keras.layers.Dense(recipe["network"]["dense_units"], activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)

batches = (
    tf.data.Dataset.from_tensor_slices((x_train[train], y_train[train]))
    .shuffle(len(train), seed=recipe["seed"])
    .batch(recipe["batch_size"])
    .prefetch(tf.data.AUTOTUNE)
)
rate = recipe["learning_rate"]
if recipe["schedule"] == "cosine":
    rate = keras.optimizers.schedules.CosineDecay(
        rate, decay_steps=recipe["epochs"] * len(batches)
    )
optimizer = {"class_name": recipe["optimizer"], "config": {"learning_rate": rate}}
model.compile(
    keras.optimizers.get(optimizer), "categorical_crossentropy", metrics=["accuracy"]
)
started = perf_counter()
model.fit(
    batches,
    validation_data=(x_train[validation], y_train[validation]),
    validation_batch_size=1000,
    epochs=recipe["epochs"],
    verbose=0,
)
fit_seconds = perf_counter() - started
_, accuracy = model.evaluate(x_test, y_test, batch_size=1000, verbose=0)
model.save(folder / "model.keras")
print(json.dumps({"test_accuracy": accuracy, "fit_seconds": fit_seconds}))
