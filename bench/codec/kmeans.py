"""scikit-learn's k-means on the vectors of a file.

kmeans.py FILE.f32 DIM CODES SEED prints the sum of squared distances and the CPU seconds of the fit as JSON.
"""

import json
import sys
import time

import numpy as np
from sklearn.cluster import KMeans

path, dim, codes, seed = sys.argv[1], *map(int, sys.argv[2:5])
points = np.fromfile(path, dtype="<f4").reshape(-1, dim)
start = time.process_time()
# as it comes: greedy k-means++ once, then at most 300 rounds of Lloyd's
fitted = KMeans(n_clusters=codes, random_state=seed).fit(points)
seconds = time.process_time() - start
print(json.dumps({"inertia": float(fitted.inertia_), "seconds": seconds, "rounds": fitted.n_iter_}))
