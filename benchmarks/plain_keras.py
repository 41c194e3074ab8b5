"""The `plain` recipe as one Keras script that imports nothing from the project.

It saves the model as FOLDER/model.keras. The last line that it prints is a JSON object
with the test accuracy and the training seconds.

Usage: plain_keras.py MNIST.npz FOLDER
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split

SEED = 0
mnist_file, folder = map(Path, sys.argv[1:])

with np.load(mnist_file) as mnist:
    x_train, y_train = mnist["x_train"], mnist["y_train"]
    x_test, y_test = mnist["x_test"], mnist["y_test"]

x_train = np.divide(x_train[..., np.newaxis], 255, dtype=np.float32)
x_test = np.divide(x_test[..., np.newaxis], 255, dtype=np.float32)
labels = y_train
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

train, validation = train_test_split(
    np.arange(len(labels)), test_size=0.1, stratify=labels, random_state=SEED
)
keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
batches = (
    tf.data.Dataset.from_tensor_slices((x_train[train], y_train[train]))
    .shuffle(len(train), seed=SEED)
    .batch(32)
    .prefetch(tf.data.AUTOTUNE)
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
started = perf_counter()
model.fit(
    batches,
    validation_data=(x_train[validation], y_train[validation]),
    validation_batch_size=1000,
    epochs=5,
    verbose=0,
)
fit_seconds = perf_counter() - started
_, accuracy = model.evaluate(x_test, y_test, batch_size=1000, verbose=0)
model.save(folder / "model.keras")
print(json.dumps({"test_accuracy": accuracy, "fit_seconds": fit_seconds}))
