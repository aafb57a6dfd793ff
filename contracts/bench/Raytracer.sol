// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// A path tracer in integer arithmetic (six decimals): spheres, three materials, a light. The workload that is bound by
/// computing: vectors in memory, multiplications, divisions and integer square roots; no storage but the last result.
contract Raytracer {
    int256 private constant ONE = 1e6;
    uint256 private constant MAX_DEPTH = 5;

    struct Vec {
        int256 x;
        int256 y;
        int256 z;
    }

    struct Ray {
        Vec origin;
        Vec direction;
    }

    enum Surface {
        Matt,
        Mirror,
        Glass
    }

    struct Sphere {
        Vec centre;
        int256 radius;
        Vec colour;
        int256 light;
        Surface surface;
    }

    Sphere[] private scene;
    uint256 public last;

    constructor() {
        add(Vec(0, -1_000_000_000, 0), 1_000_000_000, Vec(750_000, 750_000, 700_000), 0, Surface.Matt);
        add(Vec(0, 40_000_000, 0), 15_000_000, Vec(ONE, ONE, ONE), 3 * ONE, Surface.Matt);
        add(Vec(-6_000_000, 4_000_000, 2_000_000), 4_000_000, Vec(990_000, 990_000, 990_000), 0, Surface.Mirror);
        add(Vec(5_000_000, 3_000_000, -3_000_000), 3_000_000, Vec(980_000, 980_000, 980_000), 0, Surface.Glass);
        add(Vec(1_000_000, 2_000_000, 6_000_000), 2_000_000, Vec(250_000, 250_000, 850_000), 0, Surface.Matt);
        add(Vec(-1_000_000, 1_500_000, -7_000_000), 1_500_000, Vec(850_000, 250_000, 250_000), 0, Surface.Matt);
    }

    function add(Vec memory centre, int256 radius, Vec memory colour, int256 light, Surface surface) private {
        scene.push(Sphere(centre, radius, colour, light, surface));
    }

    /// Traces `samples` paths through the pixel (column, row) of a square picture and keeps the colour, RGB in 8 bits each.
    function run(uint256 seed, uint256 size, uint256 column, uint256 row, uint256 samples) external {
        last = pixel(seed, size, column, row, samples);
    }

    function pixel(uint256 seed, uint256 size, uint256 column, uint256 row, uint256 samples) public view returns (uint256) {
        Sphere[] memory spheres = scene;
        uint256 state = uint256(keccak256(abi.encode(seed, column, row))) | 1;
        Vec memory sum;
        for (uint256 i = 0; i < samples; ++i) {
            int256 noise;
            (state, noise) = random(state);
            int256 x = (int256(column) * 2 * ONE + noise) / int256(size) - ONE;
            (state, noise) = random(state);
            int256 y = ONE - (int256(row) * 2 * ONE + noise) / int256(size);
            Ray memory ray = Ray(Vec(0, 6_000_000, -24_000_000), unit(Vec(x / 2, y / 2, ONE)));
            Vec memory light;
            (state, light) = radiance(spheres, ray, state);
            sum = plus(sum, light);
        }
        return byteOf(sum.x, samples) << 16 | byteOf(sum.y, samples) << 8 | byteOf(sum.z, samples);
    }

    /// The light that arrives along a ray: follows one path until it leaves the scene or ends by chance.
    function radiance(Sphere[] memory spheres, Ray memory ray, uint256 state) private pure returns (uint256, Vec memory light) {
        Vec memory weight = Vec(ONE, ONE, ONE);
        for (uint256 depth = 0; depth < MAX_DEPTH; ++depth) {
            (uint256 index, int256 distance) = nearest(spheres, ray);
            if (distance == 0) return (state, plus(light, times(weight, sky(ray.direction))));
            Sphere memory sphere = spheres[index];
            if (sphere.light > 0) return (state, plus(light, scale(weight, sphere.light)));
            weight = times(weight, sphere.colour);
            Vec memory point = plus(ray.origin, scale(ray.direction, distance));
            Vec memory normal = unit(minus(point, sphere.centre));
            Vec memory direction;
            if (sphere.surface == Surface.Matt) (state, direction) = scatter(normal, state);
            else if (sphere.surface == Surface.Mirror) direction = reflect(ray.direction, normal);
            else (state, direction) = refract(ray.direction, normal, state);
            ray = Ray(point, direction);
        }
        return (state, light);
    }

    /// The nearest sphere on the ray; distance 0 when there is none.
    function nearest(Sphere[] memory spheres, Ray memory ray) private pure returns (uint256 index, int256 distance) {
        for (uint256 i = 0; i < spheres.length; ++i) {
            int256 found = meet(spheres[i], ray);
            if (found != 0 && (distance == 0 || found < distance)) (index, distance) = (i, found);
        }
    }

    /// Distance at which a ray of unit direction meets the sphere, 0 when it does not.
    function meet(Sphere memory sphere, Ray memory ray) private pure returns (int256) {
        Vec memory to = minus(sphere.centre, ray.origin);
        int256 along = dot(to, ray.direction);
        int256 root = along * along / ONE - dot(to, to) + sphere.radius * sphere.radius / ONE;
        if (root < 0) return 0;
        root = int256(squareRoot(uint256(root * ONE)));
        if (along - root > ONE / 100) return along - root;
        return along + root > ONE / 100 ? along + root : int256(0);
    }

    function sky(Vec memory direction) private pure returns (Vec memory) {
        int256 up = (direction.y + ONE) / 2;
        return Vec(ONE - up / 2, ONE - up * 3 / 10, ONE);
    }

    /// A direction of the hemisphere around the normal: the normal plus a point on the unit sphere.
    function scatter(Vec memory normal, uint256 state) private pure returns (uint256, Vec memory) {
        Vec memory point;
        do {
            (state, point.x) = random(state);
            (state, point.y) = random(state);
            (state, point.z) = random(state);
            point = Vec(point.x - ONE, point.y - ONE, point.z - ONE);
        } while (dot(point, point) > ONE || dot(point, point) < ONE / 100);
        Vec memory sum = plus(normal, unit(point));
        return (state, dot(sum, sum) < ONE / 1000 ? normal : unit(sum));
    }

    function reflect(Vec memory direction, Vec memory normal) private pure returns (Vec memory) {
        return unit(minus(direction, scale(normal, 2 * dot(direction, normal))));
    }

    /// Glass of index 1.5: refracts, or reflects with Schlick's probability and in total reflection.
    function refract(Vec memory direction, Vec memory normal, uint256 state) private pure returns (uint256, Vec memory) {
        int256 cosine = -dot(direction, normal);
        int256 ratio = cosine > 0 ? int256(666_667) : int256(1_500_000);
        if (cosine <= 0) (normal, cosine) = (scale(normal, -ONE), -cosine);
        int256 sine2 = ratio * ratio / ONE * (ONE - cosine * cosine / ONE) / ONE;
        int256 chance;
        (state, chance) = random(state);
        if (sine2 >= ONE || chance / 2 < schlick(cosine)) return (state, reflect(direction, normal));
        int256 factor = ratio * cosine / ONE - int256(squareRoot(uint256((ONE - sine2) * ONE)));
        return (state, unit(plus(scale(direction, ratio), scale(normal, factor))));
    }

    function schlick(int256 cosine) private pure returns (int256) {
        int256 rest = ONE - cosine;
        int256 square = rest * rest / ONE;
        return 40_000 + 960_000 * (square * square / ONE * rest / ONE) / ONE;
    }

    /// The next state of a 64-bit xorshift, and a number below 2.
    function random(uint256 state) private pure returns (uint256, int256) {
        unchecked {
            uint64 word = uint64(state);
            if (word == 0) word = 1;
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            return (word, int256(uint256(word) % uint256(2 * ONE)));
        }
    }

    function byteOf(int256 sum, uint256 samples) private pure returns (uint256) {
        int256 mean = sum / int256(samples);
        return mean >= ONE ? 255 : uint256(mean * 255 / ONE);
    }

    function plus(Vec memory a, Vec memory b) private pure returns (Vec memory) {
        return Vec(a.x + b.x, a.y + b.y, a.z + b.z);
    }

    function minus(Vec memory a, Vec memory b) private pure returns (Vec memory) {
        return Vec(a.x - b.x, a.y - b.y, a.z - b.z);
    }

    function times(Vec memory a, Vec memory b) private pure returns (Vec memory) {
        return Vec(a.x * b.x / ONE, a.y * b.y / ONE, a.z * b.z / ONE);
    }

    function scale(Vec memory a, int256 by) private pure returns (Vec memory) {
        return Vec(a.x * by / ONE, a.y * by / ONE, a.z * by / ONE);
    }

    function dot(Vec memory a, Vec memory b) private pure returns (int256) {
        return (a.x * b.x + a.y * b.y + a.z * b.z) / ONE;
    }

    function unit(Vec memory a) private pure returns (Vec memory) {
        int256 length = int256(squareRoot(uint256(a.x * a.x + a.y * a.y + a.z * a.z)));
        return Vec(a.x * ONE / length, a.y * ONE / length, a.z * ONE / length);
    }

    /// Newton's integer square root, rounded down.
    function squareRoot(uint256 a) private pure returns (uint256 root) {
        if (a < 2) return a;
        root = 1;
        uint256 rest = a;
        while (rest > 3) {
            rest >>= 2;
            root <<= 1;
        }
        root <<= 1;
        while (true) {
            uint256 next = (root + a / root) >> 1;
            if (next >= root) return root;
            root = next;
        }
    }
}
