//! Distances, areas and relations of shapes in the plane. The side of a line on which a position lies is computed
//! exactly; the crossing of two lines is computed in doubles.

use robust::{orient2d, Coord};

use super::{Geometry, GeometryKind, Part, Position};
use crate::error::{Error, Result};
use crate::sqlite::interrupt;

/// The mean radius of the earth, in meters.
pub const EARTH: f64 = 6_371_008.8;

type Segment = (Position, Position);

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    Boundary,
    Inside,
}

/// Positive if `p` is left of the direction from `a` to `b`, 0 exactly on the line.
fn side(a: Position, b: Position, p: Position) -> f64 {
    let coord = |p: Position| Coord { x: p.x, y: p.y };
    orient2d(coord(a), coord(b), coord(p))
}

fn within_box((a, b): Segment, p: Position) -> bool {
    let between = |low: f64, high: f64, value: f64| low.min(high) <= value && value <= low.max(high);
    between(a.x, b.x, p.x) && between(a.y, b.y, p.y)
}

fn on_segment(segment: Segment, p: Position) -> bool {
    within_box(segment, p) && side(segment.0, segment.1, p) == 0.0
}

fn segments_meet(s: Segment, t: Segment) -> bool {
    if on_segment(s, t.0) || on_segment(s, t.1) || on_segment(t, s.0) || on_segment(t, s.1) {
        return true;
    }
    let (a, b) = (side(s.0, s.1, t.0), side(s.0, s.1, t.1));
    let (c, d) = (side(t.0, t.1, s.0), side(t.0, t.1, s.1));
    (a > 0.0) != (b > 0.0) && (c > 0.0) != (d > 0.0) && a != 0.0 && b != 0.0 && c != 0.0 && d != 0.0
}

fn place_in_ring(ring: &[Position], p: Position) -> Place {
    let mut inside = false;
    for pair in ring.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if on_segment((a, b), p) {
            return Place::Boundary;
        }
        if (a.y > p.y) != (b.y > p.y) {
            let left = side(a, b, p) > 0.0;
            // The ray to the right of `p` crosses an upward edge if `p` is left of it, a downward edge if `p` is right
            // of it.
            if left == (b.y > a.y) {
                inside = !inside;
            }
        }
    }
    if inside {
        Place::Inside
    } else {
        Place::Outside
    }
}

fn place_in_polygon(polygon: &Part, p: Position) -> Place {
    let mut rings = polygon.iter();
    let outer = rings.next().map_or(Place::Outside, |ring| place_in_ring(ring, p));
    if outer != Place::Inside {
        return outer;
    }
    for hole in rings {
        match place_in_ring(hole, p) {
            Place::Inside => return Place::Outside,
            Place::Boundary => return Place::Boundary,
            Place::Outside => {}
        }
    }
    Place::Inside
}

fn distance(a: Position, b: Position) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn distance_to_segment((a, b): Segment, p: Position) -> f64 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let square = dx * dx + dy * dy;
    if square == 0.0 {
        return distance(a, p);
    }
    let along = (((p.x - a.x) * dx + (p.y - a.y) * dy) / square).clamp(0.0, 1.0);
    distance(Position { x: a.x + along * dx, y: a.y + along * dy, ..a }, p)
}

/// The position of `p` along `s`, from 0 to 1. `p` must lie on `s`.
fn along(s: Segment, p: Position) -> f64 {
    let (dx, dy) = (s.1.x - s.0.x, s.1.y - s.0.y);
    let at = if dx.abs() >= dy.abs() { (p.x - s.0.x) / dx } else { (p.y - s.0.y) / dy };
    at.clamp(0.0, 1.0)
}

/// The part of `s` that `t` covers. Both must lie on the same line.
fn overlap(s: Segment, t: Segment) -> Option<(f64, f64)> {
    if side(s.0, s.1, t.0) != 0.0 || side(s.0, s.1, t.1) != 0.0 || !segments_meet(s, t) {
        return None;
    }
    let at = |p: Position| {
        let (dx, dy) = (s.1.x - s.0.x, s.1.y - s.0.y);
        if dx.abs() >= dy.abs() {
            (p.x - s.0.x) / dx
        } else {
            (p.y - s.0.y) / dy
        }
    };
    let (from, to) = (at(t.0).min(at(t.1)).max(0.0), at(t.0).max(at(t.1)).min(1.0));
    (from < to).then_some((from, to))
}

/// Whether the parts together cover 0 to 1.
fn cover(mut stretches: Vec<(f64, f64)>) -> bool {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut reached = 0.0;
    for (from, to) in stretches {
        if from > reached {
            return false;
        }
        reached = f64::max(reached, to);
    }
    reached >= 1.0
}

impl Geometry {
    fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let lines = self.remaining_parts().iter().flatten();
        lines.flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1]))).filter(|(a, b)| !a.same_place(*b))
    }

    /// Every pair of segments may be compared, which takes long for large shapes: none are left when the call is interrupted, which
    /// the function that asked for the measure reports.
    fn remaining_parts(&self) -> &[Part] {
        if interrupt::requested() {
            &[]
        } else {
            &self.parts
        }
    }

    fn polygons(&self) -> &[Part] {
        if self.kind.part() == GeometryKind::Polygon {
            self.remaining_parts()
        } else {
            &[]
        }
    }

    /// The location of a position relative to the areas.
    fn place(&self, p: Position) -> Place {
        let mut place = Place::Outside;
        for polygon in self.polygons() {
            match place_in_polygon(polygon, p) {
                Place::Inside => return Place::Inside,
                Place::Boundary => place = Place::Boundary,
                Place::Outside => {}
            }
        }
        place
    }

    /// Whether the position is part of the shape.
    fn covers(&self, p: Position) -> bool {
        match self.kind.part() {
            GeometryKind::Point => self.positions().any(|own| own.same_place(p)),
            GeometryKind::LineString => {
                self.positions().any(|own| own.same_place(p)) || self.segments().any(|segment| on_segment(segment, p))
            }
            _ => self.place(p) != Place::Outside,
        }
    }

    pub fn intersects(&self, other: &Geometry) -> bool {
        self.positions().any(|p| other.covers(*p))
            || other.positions().any(|p| self.covers(*p))
            || self.segments().any(|s| other.segments().any(|t| segments_meet(s, t)))
    }

    /// The distance in the unit of the coordinates.
    pub fn distance(&self, other: &Geometry) -> f64 {
        if self.intersects(other) {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        for (a, b) in [(self, other), (other, self)] {
            for p in a.positions() {
                least = b.segments().map(|segment| distance_to_segment(segment, *p)).fold(least, f64::min);
                least = b.positions().map(|q| distance(*p, *q)).fold(least, f64::min);
            }
        }
        least
    }

    /// Whether no part of `other` is outside, and some part is inside rather than on the boundary.
    pub fn contains(&self, other: &Geometry) -> bool {
        match (self.kind.part(), other.kind.part()) {
            (GeometryKind::Point, GeometryKind::Point) => other.positions().all(|p| self.covers(*p)),
            (GeometryKind::Point, _) | (GeometryKind::LineString, GeometryKind::Polygon) => false,
            (GeometryKind::LineString, GeometryKind::Point) => {
                other.positions().all(|p| self.covers(*p)) && other.positions().any(|p| !self.is_end(*p))
            }
            (GeometryKind::LineString, _) => self.covers_lines_of(other),
            (_, GeometryKind::Point) => {
                other.positions().all(|p| self.covers(*p)) && other.positions().any(|p| self.place(*p) == Place::Inside)
            }
            (_, GeometryKind::LineString) => {
                let places = other.segments().flat_map(|segment| self.places_along(segment)).collect::<Vec<_>>();
                !places.contains(&Place::Outside) && places.contains(&Place::Inside)
            }
            _ => {
                // No part of the other's rings is outside, and no part of this boundary runs through the other's
                // interior.
                other.segments().flat_map(|segment| self.places_along(segment)).all(|place| place != Place::Outside)
                    && self
                        .segments()
                        .flat_map(|segment| other.places_along(segment))
                        .all(|place| place != Place::Inside)
            }
        }
    }

    /// Whether both shapes are the same set of positions.
    pub fn same(&self, other: &Geometry) -> bool {
        match (self.kind.part(), other.kind.part()) {
            (GeometryKind::LineString, GeometryKind::LineString) => {
                self.covers_lines_of(other) && other.covers_lines_of(self)
            }
            (own, others) => own == others && self.contains(other) && other.contains(self),
        }
    }

    fn covers_lines_of(&self, other: &Geometry) -> bool {
        other.segments().all(|s| cover(self.segments().filter_map(|t| overlap(s, t)).collect()))
            && other.positions().all(|p| self.covers(*p))
    }

    /// Whether an odd number of the lines start or end at the position.
    fn is_end(&self, p: Position) -> bool {
        let ends = self.parts.iter().flatten().flat_map(|line| line.first().into_iter().chain(line.last()));
        ends.filter(|end| end.same_place(p)).count() % 2 == 1
    }

    /// The locations of the parts of a segment between the points where it meets the boundary of the areas.
    fn places_along(&self, s: Segment) -> Vec<Place> {
        let mut cuts = vec![0.0, 1.0];
        let mut shared = Vec::new();
        for t in self.segments() {
            if !segments_meet(s, t) {
                continue;
            }
            if let Some((from, to)) = overlap(s, t) {
                shared.push((from, to));
                cuts.extend([from, to]);
                continue;
            }
            let touching = [t.0, t.1].into_iter().filter(|p| on_segment(s, *p)).map(|p| along(s, p));
            cuts.extend(touching);
            let (a, b) = (side(t.0, t.1, s.0), side(t.0, t.1, s.1));
            if a != b {
                cuts.push((a / (a - b)).clamp(0.0, 1.0));
            }
        }
        cuts.sort_by(f64::total_cmp);
        let mut places = Vec::new();
        for cut in cuts.windows(2) {
            let (from, to) = (cut[0], cut[1]);
            if to - from <= 1e-12 {
                continue;
            }
            let middle = from + (to - from) / 2.0;
            if shared.iter().any(|(from, to)| *from <= middle && middle <= *to) {
                places.push(Place::Boundary);
            } else {
                let (dx, dy) = (s.1.x - s.0.x, s.1.y - s.0.y);
                places.push(self.place(Position { x: s.0.x + middle * dx, y: s.0.y + middle * dy, ..s.0 }));
            }
        }
        places
    }

    pub fn length(&self) -> Result<f64> {
        if self.kind.part() != GeometryKind::LineString {
            return Err(undefined("ST_Length", self));
        }
        Ok(self.segments().map(|(a, b)| distance(a, b)).sum())
    }

    /// The area in the square of the unit of the coordinates.
    pub fn area(&self) -> Result<f64> {
        self.ring_sum(|ring| {
            // Computed relative to the first corner, so that shapes far from the origin lose no digits.
            let origin = ring.first().copied().unwrap_or_default();
            let cross = |pair: &[Position]| {
                let (a, b) = (pair[0], pair[1]);
                (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y)
            };
            ring.windows(2).map(cross).sum::<f64>().abs() / 2.0
        })
    }

    /// The area on the sphere in square meters.
    pub fn earth_area(&self) -> Result<f64> {
        self.ring_sum(|ring| {
            let part = |pair: &[Position]| {
                let (a, b) = (pair[0], pair[1]);
                let turn = (b.x - a.x + 540.0).rem_euclid(360.0) - 180.0;
                turn.to_radians() * (2.0 + a.y.to_radians().sin() + b.y.to_radians().sin())
            };
            (ring.windows(2).map(part).sum::<f64>() * EARTH * EARTH / 2.0).abs()
        })
    }

    /// The outer rings minus the holes.
    fn ring_sum(&self, area: impl Fn(&[Position]) -> f64) -> Result<f64> {
        if self.kind.part() != GeometryKind::Polygon {
            return Err(undefined("ST_Area", self));
        }
        let of = |polygon: &Part| {
            let mut rings = polygon.iter().map(|ring| area(ring));
            rings.next().unwrap_or(0.0) - rings.sum::<f64>()
        };
        Ok(self.parts.iter().map(of).sum())
    }

    /// The distance on the sphere between two points, in meters.
    pub fn earth_distance(&self, other: &Geometry) -> Result<f64> {
        let (Some(a), Some(b)) = (self.as_point(), other.as_point()) else {
            let other = if self.as_point().is_some() { other } else { self };
            return Err(undefined("the distance of GEOGRAPHY", other));
        };
        let (north, south) = (a.y.to_radians(), b.y.to_radians());
        let (dy, dx) = ((south - north) / 2.0, (b.x - a.x).to_radians() / 2.0);
        let half = dy.sin().powi(2) + north.cos() * south.cos() * dx.sin().powi(2);
        Ok(2.0 * EARTH * half.clamp(0.0, 1.0).sqrt().asin())
    }
}

fn undefined(what: &str, geometry: &Geometry) -> Error {
    Error::unsupported(format!("{what} of a {}", geometry.kind.name()))
}
