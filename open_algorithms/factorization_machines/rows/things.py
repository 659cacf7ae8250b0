"""What columns are called whose whole numbers name things, such as users and items, and are no amounts."""

import re

NAMES = (
    *("user", "item", "movie", "film", "product", "customer", "client", "member", "visitor", "viewer", "account"),
    *("article", "book", "song", "track", "artist", "playlist", "seller", "store", "shop"),
)
THINGS = re.compile(
    rf"(?i:(?:.*[^a-z])?(?:ids?|isbn|asin|sku)|(?:{'|'.join(NAMES)})(?:s|_?ids?)?)|.*[a-z](?:I[dD]s?|ISBN|SKU)"
)
